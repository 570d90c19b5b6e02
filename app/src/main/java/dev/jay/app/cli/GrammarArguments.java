// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.engine.Request;
import dev.jay.engine.sample.grammar.Grammar;
import dev.jay.engine.sample.grammar.GrammarException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** What an answer must be. */
final class GrammarArguments {
    @ArgGroup(validate = false, heading = "%nWhat the answer must be (one of them):%n")
    private final Must must = new Must();

    static final class Must {
        @Option(
                names = "--json-schema",
                paramLabel = "FILE",
                description = "JSON that satisfies this schema; '{}': any JSON object.")
        private String schema;

        @Option(
                names = "--grammar",
                paramLabel = "FILE",
                description = "A text of this grammar, in llama.cpp's notation (GBNF).")
        private Path grammar;

        @Option(names = "--regex", paramLabel = "R", description = "A text that this expression matches whole.")
        private String regex;
    }

    /** @throws CommandException if more than one is named, or one cannot be used */
    Request on(Request request) throws IOException {
        int named = (must.schema == null ? 0 : 1) + (must.grammar == null ? 0 : 1) + (must.regex == null ? 0 : 1);
        if (named == 0) return request;
        if (named > 1) throw usage("--json-schema, --grammar and --regex exclude one another");
        try {
            return request.withGrammar(grammar());
        } catch (GrammarException e) {
            throw usage(e.getMessage());
        }
    }

    private Grammar grammar() throws IOException {
        if (must.regex != null) return Grammar.ofRegex(must.regex);
        if (must.grammar != null) return Grammar.ofGbnf(Files.readString(must.grammar));
        if (must.schema.strip().equals("{}")) return Grammar.ofJsonObject();
        return Grammar.ofJsonSchema(Files.readString(Path.of(must.schema)));
    }

    private static CommandException usage(String message) {
        return new CommandException(ExitCode.USAGE, message);
    }
}
