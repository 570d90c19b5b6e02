// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.engine.ContextFullException;
import dev.jay.engine.FinishReason;
import dev.jay.engine.Generation;
import dev.jay.engine.Model;
import dev.jay.engine.Piece;
import dev.jay.engine.Session;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "chat",
        description = "Talk with a model: type, read the answer as it comes, go on.",
        footer = {
            "",
            "In a conversation: /help, /reset (forget it), /system TEXT, /exit. Ctrl-C ends the answer, Ctrl-D the"
                    + " program.",
            "",
            "Examples:",
            "  jay chat model.gguf --system \"You are terse.\"",
            "  echo \"Why is the sky blue?\" | jay chat model.gguf"
        })
final class ChatCommand implements Callable<Integer> {
    private static final String HELP =
            "/system TEXT sets the system message; /reset forgets the conversation; /exit leaves";

    private final Shell shell;

    @Mixin
    private ModelArguments model;

    @Option(names = "--system", paramLabel = "TEXT", description = "The system message.")
    private String system;

    @Mixin
    private AnswerArguments answer;

    ChatCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        try (Model opened = model.open(shell);
                Session session = opened.session();
                ChatLines lines = ChatLines.of(shell)) {
            if (!opened.hasChatTemplate()) shell.say("jay chat: the model's file has no chat template; taking ChatML");
            session.sampling(answer.sampling()).numerics(answer.numerics()).stops(answer.stops());
            if (answer.maxTokens() != null) session.maxTokens(answer.maxTokens());
            if (system != null) session.system(system);
            lines.onInterrupt(session::cancel);
            try (Interrupts.Scope scope = shell.interrupts().during(session::cancel)) {
                talk(session, lines);
            }
        }
        return shell.interrupts().isInterrupted() ? ExitCode.INTERRUPTED.code() : ExitCode.OK.code();
    }

    private void talk(Session session, ChatLines lines) throws IOException {
        if (shell.isTty().out()) shell.say(HELP);
        for (String line = lines.next(); line != null && !shell.interrupts().isInterrupted(); line = lines.next()) {
            if (line.isBlank()) continue;
            if (line.strip().equals("/exit")) return;
            if (line.startsWith("/")) order(session, line.strip());
            else say(session, line);
        }
    }

    private void order(Session session, String line) {
        String[] parts = line.split("\\s+", 2);
        switch (parts[0]) {
            case "/reset" -> session.clear();
            case "/system" -> {
                if (parts.length == 2) session.clear().system(parts[1]);
                else shell.say("/system needs a text");
            }
            case "/help" -> shell.say(HELP);
            default -> shell.say("unknown: " + parts[0] + "; " + HELP);
        }
    }

    private void say(Session session, String line) {
        try (Generation generation = session.chat(line)) {
            for (Piece piece : generation) shell.out().print(piece.text());
            shell.out().print("\n");
            if (generation.finishReason() == FinishReason.CANCELLED) shell.say("(ended; this turn is forgotten)");
        } catch (ContextFullException e) {
            shell.say(e.getMessage() + "; /reset forgets the conversation");
        }
    }
}
