// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.engine.Model;
import dev.jay.model.text.Tokenizer;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

@Command(
        name = "tokenize",
        description = "Print the tokens of a text, as the model would see them.",
        footer = {
            "",
            "Examples:",
            "  jay tokenize model.gguf \"Hello world\"",
            "  jay tokenize model.gguf \"<|im_start|>user\" --special --pieces"
        })
final class TokenizeCommand implements Callable<Integer> {
    private final Shell shell;

    @Mixin
    private ModelArguments model;

    @Parameters(index = "1", arity = "0..1", paramLabel = "TEXT", description = "The text.")
    private String text;

    @Option(names = "--pieces", description = "A line for each token: its id and how the vocabulary writes it.")
    private boolean pieces;

    @Option(names = "--no-bos", description = "Only the text: nothing put before or behind it.")
    private boolean noBos;

    @Option(names = "--special", description = "Read control tokens written in the text as such.")
    private boolean special;

    @Option(names = "--json", description = "One JSON object.")
    private boolean json;

    TokenizeCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        if (text == null) text = model.takeModelAs(shell.settings());
        if (text == null) throw new CommandException(ExitCode.USAGE, "no text: jay tokenize MODEL TEXT");
        try (Model opened = model.open(shell)) {
            Tokenizer tokenizer = opened.tokenizer();
            int[] tokens = tokenizer.encode(text, !noBos, special);
            shell.out().print(json ? object(tokenizer, tokens) : plain(tokenizer, tokens));
        }
        return ExitCode.OK.code();
    }

    private String plain(Tokenizer tokenizer, int[] tokens) {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < tokens.length; i++) {
            if (pieces)
                lines.append(tokens[i])
                        .append('\t')
                        .append(tokenizer.piece(tokens[i]))
                        .append('\n');
            else lines.append(i == 0 ? "" : " ").append(tokens[i]);
        }
        return pieces ? lines.toString() : lines.append('\n').toString();
    }

    private String object(Tokenizer tokenizer, int[] tokens) {
        ObjectNode root = JsonMapper.shared().createObjectNode().put("count", tokens.length);
        ArrayNode ids = root.putArray("tokens");
        for (int token : tokens) ids.add(token);
        if (pieces) {
            ArrayNode written = root.putArray("pieces");
            for (int token : tokens) written.add(tokenizer.piece(token));
        }
        return root + "\n";
    }
}
