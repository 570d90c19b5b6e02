// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.engine.Choice;
import dev.jay.engine.Finish;
import dev.jay.engine.Generation;
import dev.jay.engine.Message;
import dev.jay.engine.Model;
import dev.jay.engine.Piece;
import dev.jay.engine.Request;
import dev.jay.engine.Usage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "run",
        description = "Go on after a prompt; the continuation, and nothing else, comes on standard output.",
        footer = {
            "",
            "Examples:",
            "  jay run model.gguf --prompt \"Once upon a time\" --max-tokens 100",
            "  jay run model.gguf --chat --prompt \"Why is the sky blue?\" --temperature 0",
            "  jay run model.gguf --prompt-file story.txt --seed 7 --json | jq .timing",
            "  jay run model.gguf --chat --prompt \"A bird, as JSON\" --json-schema bird.json"
        })
final class RunCommand implements Callable<Integer> {
    private final Shell shell;

    @Mixin
    private ModelArguments model;

    @Option(
            names = {"-p", "--prompt"},
            paramLabel = "TEXT",
            description = "The prompt; it may be empty.")
    private String prompt;

    @Option(
            names = "--prompt-file",
            paramLabel = "FILE",
            description = "The prompt is this UTF-8 file; '-': standard input.")
    private String promptFile;

    @Option(names = "--chat", description = "Put the prompt into the model's chat template, as a user's message.")
    private boolean chat;

    @Option(names = "--system", paramLabel = "TEXT", description = "With --chat: the system message.")
    private String system;

    @Option(names = "--json", description = "One JSON object instead of text, when the answer has ended.")
    private boolean json;

    @Option(
            names = "--logprobs",
            paramLabel = "N",
            converter = Values.NotNegative.class,
            description = "With --json: the logprob of each token, and of the N likeliest in its place.")
    private Integer logprobs;

    @Option(
            names = {"-q", "--quiet"},
            description = "No line about speed on standard error.")
    private boolean quiet;

    @Mixin
    private AnswerArguments answer;

    @Mixin
    private GrammarArguments grammar;

    RunCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        check();
        String text = promptText();
        try (Model opened = model.open(shell)) {
            Request request = grammar.on(answer.request(tokens(opened, text)));
            if (logprobs != null) request = request.withLogprobs(logprobs);
            try (Generation generation = opened.generate(request);
                    Interrupts.Scope scope = shell.interrupts().during(generation::cancel)) {
                return json ? object(opened, generation) : stream(generation);
            }
        }
    }

    private void check() {
        if (prompt != null && promptFile != null) throw usage("--prompt and --prompt-file exclude each other");
        if (prompt == null && promptFile == null) {
            throw usage("no prompt: give --prompt TEXT (it may be empty), or --prompt-file FILE ('-': standard input)");
        }
        if (system != null && !chat) throw usage("--system needs --chat: a raw prompt has no system message");
        if (logprobs != null && !json) throw usage("--logprobs needs --json");
        if (logprobs != null && logprobs > Request.MOST_LOGPROBS) {
            throw usage("--logprobs: got " + logprobs + ", allowed: 0 to " + Request.MOST_LOGPROBS);
        }
    }

    private static CommandException usage(String message) {
        return new CommandException(ExitCode.USAGE, message);
    }

    private String promptText() throws IOException {
        if (promptFile == null) return prompt;
        byte[] bytes = promptFile.equals("-") ? shell.in().readAllBytes() : Files.readAllBytes(Path.of(promptFile));
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private int[] tokens(Model opened, String text) {
        if (!chat) return opened.tokenize(text);
        if (!opened.hasChatTemplate()) shell.say("jay run: the model's file has no chat template; taking ChatML");
        List<Message> messages = new ArrayList<>();
        if (system != null) messages.add(Message.system(system));
        messages.add(Message.user(text));
        return opened.chatPrompt(messages);
    }

    private int stream(Generation generation) {
        for (Piece piece : generation) shell.out().print(piece.text());
        if (shell.isTty().out()) shell.out().print("\n");
        Finish finish = generation.finish();
        if (!quiet) shell.say(speed(finish.usage()));
        return exit();
    }

    private int object(Model opened, Generation generation) {
        String text = generation.text();
        List<Choice> tokens = generation.tokens();
        shell.out()
                .line(new RunReport(opened)
                        .json(text, generation.promptTokens(), tokens, generation.finish(), logprobs != null));
        return exit();
    }

    private int exit() {
        return shell.interrupts().isInterrupted() ? ExitCode.INTERRUPTED.code() : ExitCode.OK.code();
    }

    static String speed(Usage usage) {
        return "prompt: " + usage.promptTokens() + " tokens, " + tenths(usage.promptTokensPerSecond())
                + " tokens/s; answer: " + usage.completionTokens() + " tokens, "
                + tenths(usage.decodeTokensPerSecond()) + " tokens/s";
    }

    /** A rate to one digit; a formatter would be loaded for it alone, which takes longer than some answers. */
    private static String tenths(double rate) {
        long tenths = Math.round(rate * 10);
        return tenths / 10 + "." + tenths % 10;
    }
}
