// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.serve;

import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Whether one tenant can tell by the time to its first token what another has asked. */
@Command(
        name = "tenants",
        mixinStandardHelpOptions = true,
        description = {
            "Two API keys of one server. One asks with a beginning that nobody has used; then the other probes, in"
                + " turns: with that very beginning, and with one that nobody has used. The times to the first token"
                + " must not differ: by less than 2 %% in the median, over all pairs.",
            "",
            "As a check that the probe can see anything, the first tenant then asks again what it asked: that must be"
                    + " sooner. Exit status 1 if one of both does not hold."
        },
        footer = {"", "Example:", "  jay bench tenants m.gguf --pairs 200 --prefix 96"})
public final class TenantsBench implements Callable<Integer> {
    private static final double MOST_DIFFERENCE = 0.02;
    private static final int WARM = 20;
    private static final int ANSWER = 1;

    @Parameters(paramLabel = "MODEL", description = "The model's file.")
    private Path model;

    @Option(names = "--pairs", defaultValue = "200", description = "Probes of both kinds (200).")
    private int pairs;

    @Option(names = "--prefix", defaultValue = "96", description = "Tokens of a beginning (96).")
    private int prefix;

    @Option(names = "--own", defaultValue = "8", description = "Tokens that follow it (8).")
    private int own;

    @Option(names = "--vocabulary", defaultValue = "4000", description = "Tokens are drawn below this (4000).")
    private int vocabulary;

    @Option(names = "--seed", defaultValue = "1", description = "Another one gives other prompts (1).")
    private long seed;

    @Option(names = "--threads", defaultValue = "1", description = "Of the server (1).")
    private String threads = "";

    @Option(names = "--jay", defaultValue = "./jay", description = "The program (./jay).")
    private String jay = "";

    private SplittableRandom random = new SplittableRandom(1);

    @Override
    public Integer call() throws IOException, InterruptedException {
        random = new SplittableRandom(seed);
        String context = Integer.toString(2 * (prefix + own + ANSWER));
        List<String> arguments = List.of(
                model.toString(),
                "--context",
                context,
                "--parallel",
                "8",
                "--api-key",
                "one",
                "--api-key",
                "other",
                "--threads",
                threads);
        try (HttpClient http = HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .build();
                ChildServer server = new ChildServer(List.of(), jay, arguments)) {
            boolean isKept = probe(new Client(http, server.url(), "one"), new Client(http, server.url(), "other"));
            server.stop();
            return isKept ? 0 : 1;
        }
    }

    private int[] tokens(int count) {
        return random.ints(count, vocabulary / 2, vocabulary).toArray();
    }

    private Client.Seen ask(Client who, int... beginning) throws IOException, InterruptedException {
        int[] prompt = IntStream.concat(Arrays.stream(beginning), Arrays.stream(tokens(own)))
                .toArray();
        Client.Seen seen = who.ask(prompt, ANSWER, new AtomicInteger());
        if (seen.status() != 200) throw new IOException("refused: status " + seen.status());
        return seen;
    }

    private boolean probe(Client one, Client other) throws IOException, InterruptedException {
        double[] theirs = new double[pairs];
        double[] unused = new double[pairs];
        double[] again = new double[pairs];
        int known = 0;
        for (int i = -WARM; i < pairs; i++) {
            int[] used = tokens(prefix);
            int[] fresh = tokens(prefix);
            ask(one, used);
            boolean usedFirst = i % 2 == 0;
            Client.Seen first = ask(other, usedFirst ? used : fresh);
            Client.Seen second = ask(other, usedFirst ? fresh : used);
            Client.Seen own = ask(one, used);
            if (i < 0) continue;
            // prompts of its own may begin with the same few tokens, by chance
            if (Math.max(first.cached(), second.cached()) > prefix / 2) known++;
            theirs[i] = (usedFirst ? first : second).firstSeconds();
            unused[i] = (usedFirst ? second : first).firstSeconds();
            again[i] = own.firstSeconds();
        }
        double difference = median(theirs) / median(unused) - 1;
        System.out.printf(
                Locale.ROOT,
                "pairs=%d  another's prefix: median %.3f ms  an unused one: median %.3f ms  difference %+.2f %%"
                        + "  (one's own again: %.3f ms)  prefixes taken over from another: %d%n",
                pairs,
                1e3 * median(theirs),
                1e3 * median(unused),
                100 * difference,
                1e3 * median(again),
                known);
        boolean canSee = median(again) < 0.9 * median(unused);
        if (!canSee) System.out.println("wrong: the probe sees nothing: what one's own prefix saves is lost in noise");
        if (known > 0) System.out.println("wrong: a prefix of one tenant was known to the other");
        return canSee && known == 0 && Math.abs(difference) < MOST_DIFFERENCE;
    }

    private static double median(double... all) {
        double[] sorted = all.clone();
        Arrays.sort(sorted);
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }
}
