// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.engine.Model;
import dev.jay.engine.Perplexity;
import dev.jay.tensor.kernel.Numerics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

@Command(
        name = "perplexity",
        description = "How surprised a model is by a text: exp of the mean negative log-probability of its tokens.",
        footer = {"", "Examples:", "  jay perplexity model.gguf wiki.test.raw --chunk 512"})
final class PerplexityCommand implements Callable<Integer> {
    private static final int DEFAULT_CHUNK = 512;

    private final Shell shell;

    @Mixin
    private ModelArguments model;

    @Parameters(index = "1", arity = "0..1", paramLabel = "FILE", description = "A UTF-8 text.")
    private String text;

    @Option(
            names = "--chunk",
            paramLabel = "N",
            converter = Values.Count.class,
            description = "Tokens of a chunk (512, at most the context).")
    private Integer chunk;

    @Option(
            names = "--method",
            paramLabel = "second-half|every-token|after-prompt",
            description = "second-half: as llama-perplexity; every-token: each with at least half a chunk before it;"
                    + " after-prompt: the last eighth of a chunk, behind a prompt at whose end --kv evict= forgets"
                    + " (second-half).")
    private String method;

    @Option(names = "--numerics", paramLabel = "exact|fast", description = "As for run (fast).")
    private Numerics numerics;

    @Option(names = "--json", description = "One JSON object.")
    private boolean json;

    PerplexityCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        if (text == null) text = model.takeModelAs(shell.settings());
        if (text == null) throw new CommandException(ExitCode.USAGE, "no text: jay perplexity MODEL FILE");
        String written = Files.readString(Path.of(text), StandardCharsets.UTF_8);
        try (Model opened = model.open(shell);
                Progress progress = new Progress(shell)) {
            int length = chunk == null ? Math.min(DEFAULT_CHUNK, opened.contextLength()) : chunk;
            Perplexity.Progress result = Perplexity.measure(
                    opened,
                    written,
                    length,
                    method(),
                    numerics == null ? Numerics.FAST : numerics,
                    p -> progress.at(
                            p.chunk(), p.chunks(), String.format(Locale.ROOT, "perplexity %.4f", p.perplexity())));
            print(result, length);
        }
        return ExitCode.OK.code();
    }

    private Perplexity.Method method() {
        return switch (method == null ? "second-half" : method) {
            case "second-half" -> Perplexity.Method.SECOND_HALF;
            case "every-token" -> Perplexity.Method.EVERY_TOKEN;
            case "after-prompt" -> Perplexity.Method.AFTER_PROMPT;
            default ->
                throw new CommandException(
                        ExitCode.USAGE,
                        "--method: got '" + method + "', allowed: second-half, every-token, after-prompt");
        };
    }

    private void print(Perplexity.Progress result, int length) {
        if (json) {
            ObjectNode root = JsonMapper.shared().createObjectNode();
            root.put("perplexity", result.perplexity()).put("relativeError", result.error());
            root.put("tokens", result.scored()).put("chunks", result.chunks()).put("chunkLength", length);
            shell.out().line(root.toString());
        } else {
            shell.out()
                    .line(String.format(
                            Locale.ROOT,
                            "perplexity %.4f +/- %.4f (%d tokens in %d chunks of %d)",
                            result.perplexity(),
                            result.perplexity() * result.error(),
                            result.scored(),
                            result.chunks(),
                            length));
        }
    }
}
