// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.serve;

import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Load on a server that is there already, Jay's or another's: the same clients, so that two can be set side by side. */
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        description = {
            "Streaming clients of a server with OpenAI's API: tokens a second of all together, time to the first"
                    + " token, and the gaps between tokens while a long prompt comes in.",
            "",
            "cold: all ask at once, with a beginning they share and the server has not seen; warm: again, with other"
                    + " ends; long: all but one decode when one comes with a long prompt."
        },
        footer = {"", "Example:", "  jay bench serve --url http://127.0.0.1:8080 --clients 8,32 --pid 4711"})
public final class ServeBench implements Callable<Integer> {
    @Option(names = "--url", required = true, paramLabel = "URL", description = "Where the server listens.")
    private String url;

    @Option(names = "--key", paramLabel = "KEY", description = "An API key.")
    private String key;

    @Option(names = "--clients", split = ",", defaultValue = "8,32", description = "How many ask at once (8,32).")
    private List<Integer> clients;

    @Option(names = "--prefix", defaultValue = "400", description = "Tokens that all prompts begin with (400).")
    private int prefix;

    @Option(names = "--own", defaultValue = "16", description = "Tokens of its own that each prompt ends with (16).")
    private int own;

    @Option(names = "--answer", defaultValue = "32", description = "Tokens of an answer (32).")
    private int answer;

    @Option(names = "--long", defaultValue = "1500", description = "Tokens of the long prompt; 0: none (1500).")
    private int longPrompt;

    @Option(names = "--vocabulary", defaultValue = "30000", description = "Tokens are drawn below this (30000).")
    private int vocabulary;

    @Option(names = "--seed", defaultValue = "1", description = "Another one gives other prompts (1).")
    private long seed;

    @Option(names = "--pid", defaultValue = "0", description = "The server's process: its memory is told, too.")
    private long pid;

    @Override
    public Integer call() throws Exception {
        try (HttpClient http = HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .build();
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Client client = new Client(http, url, key);
            client.ask(
                    tokens(seed - 1, 20), 4, new AtomicInteger()); // connections and code that runs for the first time
            for (int count : clients) {
                int[] shared = tokens(seed * 1000 + count, prefix);
                row("cold", count, all(client, threads, prompts(shared, count, 1)));
                row("warm", count, all(client, threads, prompts(shared, count, 2)));
            }
            if (longPrompt > 0) gaps(client, threads, clients.getFirst());
        }
        if (pid > 0) memory();
        return 0;
    }

    private int[] tokens(long of, int count) {
        return new SplittableRandom(of)
                .ints(count, Math.min(1000, vocabulary / 2), vocabulary)
                .toArray();
    }

    private List<int[]> prompts(int[] shared, int count, int round) {
        List<int[]> prompts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] end = tokens(seed * 77 + round * 1000L + i, own);
            prompts.add(
                    IntStream.concat(Arrays.stream(shared), Arrays.stream(end)).toArray());
        }
        return prompts;
    }

    private List<Client.Seen> all(Client client, ExecutorService threads, List<int[]> prompts)
            throws InterruptedException, ExecutionException {
        List<Future<Client.Seen>> asked = new ArrayList<>();
        AtomicInteger started = new AtomicInteger();
        for (int[] prompt : prompts) asked.add(threads.submit(() -> client.ask(prompt, answer, started)));
        List<Client.Seen> seen = new ArrayList<>();
        for (Future<Client.Seen> each : asked) seen.add(each.get());
        return seen;
    }

    private void row(String what, int count, List<Client.Seen> seen) {
        List<Client.Seen> sound = seen.stream().filter(s -> s.status() == 200).toList();
        if (sound.size() < seen.size()) System.out.printf(Locale.ROOT, "refused: %d%n", seen.size() - sound.size());
        if (sound.isEmpty()) return;
        long began = sound.stream().mapToLong(Client.Seen::began).min().orElseThrow();
        long ended = sound.stream().mapToLong(Client.Seen::ended).max().orElseThrow();
        System.out.printf(
                Locale.ROOT,
                "%-5s clients=%-3d tokens/s=%-8.1f first-token mean=%.3f s worst=%.3f s wall=%.2f s known=%.0f%%%n",
                what,
                count,
                sound.stream().mapToInt(Client.Seen::tokens).sum() / ((ended - began) / 1e9),
                sound.stream().mapToDouble(Client.Seen::firstSeconds).average().orElse(0),
                sound.stream().mapToDouble(Client.Seen::firstSeconds).max().orElse(0),
                (ended - began) / 1e9,
                100.0 * sound.stream().mapToInt(Client.Seen::cached).sum() / sound.size() / (prefix + own));
    }

    /** The gaps of those who decode, from when the long prompt is sent to its first token. */
    private void gaps(Client client, ExecutorService threads, int count)
            throws InterruptedException, ExecutionException, IOException {
        AtomicInteger started = new AtomicInteger();
        List<Future<Client.Seen>> decoding = new ArrayList<>();
        for (int i = 0; i < count - 1; i++) {
            int[] prompt = tokens(seed * 991 + i, own);
            decoding.add(threads.submit(() -> client.ask(prompt, 20 * answer, started)));
        }
        while (started.get() < count - 1) Thread.sleep(1);
        Thread.sleep(300);
        Client.Seen late = client.ask(tokens(seed * 997, longPrompt), 2, new AtomicInteger());
        if (late.status() != 200) {
            System.out.println("long: refused, status=" + late.status());
            return;
        }
        List<Double> before = new ArrayList<>();
        List<Double> during = new ArrayList<>();
        for (Future<Client.Seen> each : decoding) {
            long[] at = each.get().arrived();
            for (int i = 1; i < at.length; i++) {
                double gap = (at[i] - at[i - 1]) / 1e6;
                if (at[i] < late.began()) before.add(gap);
                else if (at[i - 1] < late.arrived()[0]) during.add(gap);
            }
        }
        System.out.printf(
                Locale.ROOT,
                "long  clients=%-3d gap before p50=%.1f ms p95=%.1f ms; while %d tokens come in p50=%.1f ms p95=%.1f ms"
                        + " worst=%.1f ms; its first token=%.3f s%n",
                count,
                part(before, 0.5),
                part(before, 0.95),
                longPrompt,
                part(during, 0.5),
                part(during, 0.95),
                part(during, 1),
                late.firstSeconds());
    }

    private static double part(List<Double> all, double part) {
        if (all.isEmpty()) return Double.NaN;
        double[] sorted = all.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return sorted[(int) Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - (part > 0 ? 1 : 0))];
    }

    private void memory() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
            if (line.startsWith("VmHWM") || line.startsWith("VmRSS") || line.startsWith("RssAnon"))
                System.out.println(line.replaceAll("\\s+", " "));
        }
    }
}
