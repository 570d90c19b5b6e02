// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.engine.Generation;
import dev.jay.engine.Model;
import dev.jay.engine.Request;
import dev.jay.engine.Usage;
import dev.jay.engine.sample.Sampling;
import dev.jay.tensor.kernel.Numerics;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

@Command(
        name = "model",
        description = "Measure the prefill and decode speed of a model.",
        footer = {"", "Examples:", "  jay bench model model.gguf --prompt-tokens 512 --decode-tokens 128"})
final class BenchModelCommand implements Callable<Integer> {
    private final Shell shell;

    @Mixin
    private ModelArguments model;

    @Option(
            names = "--prompt-tokens",
            paramLabel = "N",
            converter = Values.Count.class,
            description = "Tokens of the prompt (512, at most what the answer leaves of the context).")
    private Integer promptTokens;

    @Option(
            names = "--decode-tokens",
            paramLabel = "N",
            converter = Values.Count.class,
            description = "Tokens of the answer (128, at most half the context).")
    private Integer decodeTokens;

    @Option(
            names = "--runs",
            paramLabel = "N",
            converter = Values.Count.class,
            description = "Runs after one to warm up (3).")
    private Integer runs;

    @Option(names = "--numerics", paramLabel = "exact|fast", description = "As for run (fast).")
    private Numerics numerics;

    @Option(names = "--json", description = "One JSON object.")
    private boolean json;

    BenchModelCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        try (Model opened = model.open(shell)) {
            int half = Math.max(1, opened.contextLength() / 2);
            int decode = Math.min(decodeTokens == null ? 128 : decodeTokens, half);
            int prompt = Math.min(promptTokens == null ? 512 : promptTokens, opened.contextLength() - decode);
            int times = runs == null ? 3 : runs;
            double[] prefills = new double[times];
            double[] decodes = new double[times];
            for (int i = -1; i < times && !shell.interrupts().isInterrupted(); i++) {
                Usage usage = once(opened, i + 1, prompt, decode);
                if (i < 0) continue;
                prefills[i] = usage.promptTokensPerSecond();
                decodes[i] = usage.decodeTokensPerSecond();
            }
            print(opened, prompt, decode, prefills, decodes);
        }
        return shell.interrupts().isInterrupted() ? ExitCode.INTERRUPTED.code() : ExitCode.OK.code();
    }

    /** @param run runs differ from their first token on: what one has computed is of no use to the next */
    private Usage once(Model opened, int run, int prompt, int decode) {
        int[] tokens = new int[prompt];
        for (int i = 0; i < prompt; i++)
            tokens[i] = (int) ((i * 7919L + run * 31L + 13) % opened.spec().vocabulary());
        Request request = Request.of(tokens)
                .withMaxTokens(decode)
                .withIgnoreEos(true)
                .withSampling(Sampling.GREEDY)
                .withNumerics(numerics == null ? Numerics.FAST : numerics);
        try (Generation generation = opened.generate(request);
                Interrupts.Scope scope = shell.interrupts().during(generation::cancel)) {
            generation.text();
            return generation.usage();
        }
    }

    private void print(Model opened, int prompt, int decode, double[] prefills, double[] decodes) {
        Arrays.sort(prefills);
        Arrays.sort(decodes);
        if (json) {
            ObjectNode root = JsonMapper.shared().createObjectNode().put("model", opened.name());
            root.put("promptTokens", prompt).put("decodeTokens", decode).put("running", opened.describe());
            ArrayNode first = root.putArray("promptTokensPerSecond");
            for (double d : prefills) first.add(d);
            ArrayNode second = root.putArray("decodeTokensPerSecond");
            for (double d : decodes) second.add(d);
            root.put(
                    "peakBytes",
                    ProcessMemory.peakBytes().orElse(opened.memory().peakBytes()));
            shell.out().line(root.toString());
            return;
        }
        shell.out()
                .line(String.format(
                        Locale.ROOT,
                        "%s: prefill of %d tokens %.1f tokens/s, decode of %d tokens %.2f tokens/s (medians of %d"
                                + " runs)",
                        opened.name(),
                        prompt,
                        prefills[prefills.length / 2],
                        decode,
                        decodes[decodes.length / 2],
                        prefills.length));
        shell.say(opened.describe());
    }
}
