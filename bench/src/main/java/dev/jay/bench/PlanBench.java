// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * What {@code jay plan} says beside what {@code jay bench model} then measures, each configuration in processes of its
 * own: the peak of resident memory, and tokens a second. The machine is measured again before each, so that both see it
 * in the same mood.
 */
@Command(name = "plan", mixinStandardHelpOptions = true, description = "What was planned beside what came of it.")
public final class PlanBench implements Callable<Integer> {
    private static final int DECODE = 16;
    private static final int STREAMED = 8; // tokens, where they come at the disk's rate
    private static final Pattern NUMBER = Pattern.compile("-?[0-9.]+(E-?[0-9]+)?");

    @Parameters(arity = "1..*", paramLabel = "MODEL", description = "model files")
    private List<Path> models = List.of();

    @Option(names = "--memory", split = ",", defaultValue = "2g", description = "of the whole process, each")
    private List<String> memories = List.of();

    @Option(
            names = "--context",
            split = ",",
            defaultValue = "256,1024",
            description = "each; prompts fill half of them")
    private List<String> contexts = List.of();

    @Option(names = "--threads", split = ",", defaultValue = "2", description = "each")
    private List<String> threads = List.of();

    @Option(names = "--runs", defaultValue = "12", description = "of each, after one to warm up; the best counts")
    private int runs;

    @Option(names = "--streamed-runs", defaultValue = "3", description = "the same where weights are streamed")
    private int streamedRuns;

    @Option(names = "--jay", defaultValue = "./jay", description = "the program")
    private String jay = "";

    @Override
    public Integer call() throws IOException, InterruptedException {
        int wrong = 0;
        for (Path model : models) {
            for (String memory : memories) {
                for (String context : contexts) {
                    for (String each : threads) if (!measure(model, memory, context, each)) wrong++;
                }
            }
        }
        System.out.println(wrong + " outside of 5 % of memory or 25 % of speed");
        return 0;
    }

    private boolean measure(Path model, String memory, String context, String threads)
            throws IOException, InterruptedException {
        List<String> options = List.of("--memory", memory, "--context", context, "--threads", threads);
        run(List.of("probe", model.toString(), "--threads", threads));
        List<String> command = new ArrayList<>(List.of("plan", model.toString(), "--json"));
        command.addAll(options);
        String plan = run(command);
        int prompt = Integer.parseInt(context) / 2; // what speeds are predicted for
        boolean streamed = plan.contains("\"weightsStreamed\":true");
        int times = streamed ? streamedRuns : runs;
        command = new ArrayList<>(List.of("bench", "model", model.toString(), "--json", "--runs", "" + times));
        command.addAll(List.of("--prompt-tokens", "" + prompt, "--decode-tokens", "" + (streamed ? STREAMED : DECODE)));
        command.addAll(options);
        String came = run(command);
        List<String> full = new ArrayList<>(List.of("bench", "model", model.toString(), "--json", "--runs", "1"));
        full.addAll(List.of("--prompt-tokens", "" + (Integer.parseInt(context) - STREAMED)));
        full.addAll(List.of("--decode-tokens", "" + STREAMED));
        full.addAll(options);
        double peak = Math.max(first(came, "peakBytes"), first(run(full), "peakBytes")); // of full contexts
        double[] memories = {first(plan, "peakBytes"), peak};
        double[] decodes = {first(plan, "decodeTokensPerSecond"), best(came, "decodeTokensPerSecond")};
        double[] prefills = {first(plan, "prefillTokensPerSecond"), best(came, "promptTokensPerSecond")};
        System.out.printf(
                Locale.ROOT,
                "%-16s %6s context %5s threads %s %-8s  peak %7.1f of %7.1f MiB %+5.1f %%  decode %7.2f of %7.2f %+6.1f"
                        + " %%  prefill %7.1f of %7.1f %+6.1f %%%n",
                model.getFileName(),
                memory,
                context,
                threads,
                streamed ? "streamed" : "resident",
                memories[0] / (1 << 20),
                memories[1] / (1 << 20),
                percent(memories),
                decodes[0],
                decodes[1],
                percent(decodes),
                prefills[0],
                prefills[1],
                percent(prefills));
        return Math.abs(percent(memories)) <= 5
                && Math.abs(percent(decodes)) <= 25
                && Math.abs(percent(prefills)) <= 25;
    }

    /** By how much the first of two is more than the second. */
    private static double percent(double... planned) {
        return 100 * (planned[0] / planned[1] - 1);
    }

    private String run(List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("sh", jay));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) throw new IllegalStateException("failed: " + command);
        return out;
    }

    private static double first(String json, String name) {
        return numbers(json, name)[0];
    }

    private static double best(String json, String name) {
        return Arrays.stream(numbers(json, name)).max().orElseThrow();
    }

    /** The number, or the numbers of the list, first called so. */
    private static double[] numbers(String json, String name) {
        int at = json.indexOf("\"" + name + "\":");
        if (at < 0) throw new IllegalStateException("no " + name + " in " + json);
        String from = json.substring(at + name.length() + 3);
        String text = from.startsWith("[") ? from.substring(0, from.indexOf(']')) : from.split("[,}]")[0];
        Matcher matcher = NUMBER.matcher(text);
        List<Double> all = new ArrayList<>();
        while (matcher.find()) all.add(Double.parseDouble(matcher.group()));
        return all.stream().mapToDouble(Double::doubleValue).toArray();
    }
}
