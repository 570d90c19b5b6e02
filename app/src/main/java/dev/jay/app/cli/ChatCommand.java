// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.engine.Model;
import dev.jay.engine.Session;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "chat",
        description = "Talk with a model: type, read the answer as it comes, go on.",
        footer = {
            "",
            "In a conversation: /help, /system TEXT, /clear, /undo, /save FILE, /load FILE, /stats, /exit. A line that"
                + " ends in a backslash goes on in the next, and so does one in triple quotes. Ctrl-C ends an answer,"
                + " Ctrl-D leaves.",
            "",
            "Examples:",
            "  jay chat model.gguf --system \"You are terse.\"",
            "  echo \"Why is the sky blue?\" | jay chat model.gguf"
        })
final class ChatCommand implements Callable<Integer> {
    private final Shell shell;

    @Mixin
    private ModelArguments model;

    @Option(names = "--system", paramLabel = "TEXT", description = "The system message.")
    private String system;

    @Option(
            names = "--history",
            paramLabel = "FILE",
            description =
                    "Where the lines typed at a terminal are kept, for their owner alone; 'none': nowhere. Lines that"
                            + " begin with a space are not kept. (~/.local/state/jay/chat-history)")
    private String history;

    @Mixin
    private AnswerArguments answer;

    ChatCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        try (Model opened = model.open(shell);
                ChatLines lines = ChatLines.of(shell, history());
                Chat chat = new Chat(shell, opened, () -> session(opened), lines)) {
            if (!opened.hasChatTemplate()) shell.say("jay chat: the model's file has no chat template; taking ChatML");
            if (system != null) chat.system(system);
            try (Interrupts.Scope scope = shell.interrupts().during(chat::cancel)) {
                chat.run();
            }
        }
        return shell.interrupts().isInterrupted() ? ExitCode.INTERRUPTED.code() : ExitCode.OK.code();
    }

    private Session session(Model opened) {
        Session session = opened.session()
                .sampling(answer.sampling())
                .numerics(answer.numerics())
                .stops(answer.stops());
        return answer.maxTokens() == null ? session : session.maxTokens(answer.maxTokens());
    }

    private Optional<Path> history() {
        if (history == null) return Optional.of(shell.settings().stateFolder().resolve("chat-history"));
        return history.equals("none") ? Optional.empty() : Optional.of(Path.of(history));
    }
}
