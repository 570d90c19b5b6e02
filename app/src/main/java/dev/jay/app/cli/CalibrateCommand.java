// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.engine.Calibration;
import dev.jay.engine.ModelOptions;
import dev.jay.kv.codec.KvBasis;
import dev.jay.kv.evict.KvCalibration;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "calibrate",
        description = "Measure which heads of a model look for what is asked for, which layers suffer most when tokens"
                + " are forgotten, and along which directions keys and values lie.",
        footer = {
            "",
            "Facts are hidden in pieces of the text and asked for. What was measured goes to MODEL.calibration.json;"
                    + " the",
            "recipes evict=retrieval-heads, spread=errors and spread=heads read it when that model is opened."
                    + " Directions",
            "go to MODEL.bases, which keys=low-rank and values=low-rank read.",
            "",
            "Examples:",
            "  jay calibrate model.gguf book.txt",
            "  jay calibrate model.gguf book.txt --heads --length 1900",
            "  jay run model.gguf --kv 'keys=f16 values=f16 evict=retrieval-heads(budget=256) spread=errors' 'Hello'",
            "  jay run model.gguf --kv 'keys=low-rank(rank=64,bits=2) values=low-rank(rank=64,bits=2)' 'Hello'"
        })
final class CalibrateCommand implements Callable<Integer> {
    private static final int PROMPTS = 16;
    private static final int LENGTH = 1024;

    private final Shell shell;

    @Parameters(index = "0", paramLabel = "MODEL", description = "The model.")
    private String model;

    @Parameters(index = "1", paramLabel = "TEXT", description = "A UTF-8 text of the kind that it will read.")
    private Path text;

    @Option(
            names = "--prompts",
            paramLabel = "N",
            converter = Values.Count.class,
            description = "Facts to be asked for, each in a prompt of its own (16).")
    private Integer prompts;

    @Option(
            names = "--length",
            paramLabel = "N",
            converter = Values.Count.class,
            description = "Tokens of a prompt (1024, at most the model's context).")
    private Integer length;

    @Option(names = "--seed", paramLabel = "N", description = "The same seed hides the same facts (1).")
    private Long seed;

    @Option(
            names = "--threads",
            paramLabel = "N",
            converter = Values.Count.class,
            description = "Compute threads (one for each core).")
    private Integer threads;

    @Option(
            names = "--heads",
            description =
                    "Find out, too, which KV heads cost most when they forget, for spread=heads: every prompt is run"
                            + " about three times for each KV head of the model (no).")
    private boolean heads;

    CalibrateCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        Path file = ModelArguments.existing(model);
        String written = Files.readString(text, StandardCharsets.UTF_8);
        ModelOptions options = ModelOptions.defaults();
        if (length != null) options = options.withContextLength(length);
        if (threads != null) options = options.withThreads(threads);
        KvCalibration measured;
        try (Progress progress = new Progress(shell)) {
            measured = Calibration.run(
                    file,
                    options,
                    (tokenizer, context) -> prompts(written, context).of(tokenizer),
                    heads,
                    (run, of) -> progress.at(run, of, "prompts"));
        }
        for (int l = 0; l < measured.layers().size(); l++) {
            KvCalibration.Layer layer = measured.layers().get(l);
            int most = Math.min(8, layer.heads().size());
            shell.out()
                    .line(String.format(
                            Locale.ROOT,
                            "layer %2d: error %.4f, heads %s; 99 %% of keys along %d directions, of values %d",
                            l,
                            layer.error(),
                            layer.heads().subList(0, most),
                            directions(measured.bases().get(l).keys()),
                            directions(measured.bases().get(l).values())));
        }
        if (heads) shell.out().line("KV heads that cost most: " + first(measured.kvHeads()));
        return ExitCode.OK.code();
    }

    /** Along so many lie 99 percent of what varies. */
    private static int directions(KvBasis basis) {
        double all = 0;
        for (float v : basis.variances()) all += v;
        double sum = 0;
        int count = 0;
        while (count < basis.rank() && sum < 0.99 * all) sum += basis.variances()[count++];
        return count;
    }

    private static String first(List<KvCalibration.KvHead> heads) {
        return heads.stream().limit(16).map(h -> h.layer() + "." + h.head()).collect(Collectors.joining(", "));
    }

    private int count() {
        return prompts == null ? PROMPTS : prompts;
    }

    private CalibrationPrompts prompts(String written, int context) {
        int tokens = length == null ? Math.min(LENGTH, context) : length;
        return new CalibrationPrompts(written, count(), tokens, seed == null ? 1 : seed);
    }
}
