// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.engine.ContextFullException;
import dev.jay.engine.Finish;
import dev.jay.engine.FinishReason;
import dev.jay.engine.Generation;
import dev.jay.engine.Message;
import dev.jay.engine.Model;
import dev.jay.engine.Piece;
import dev.jay.engine.Session;
import dev.jay.engine.Usage;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** A conversation at the command line: what is said goes to the model, what begins with a slash is an order. */
final class Chat implements AutoCloseable {
    private static final double MIB = 1 << 20;

    private final Shell shell;
    private final Model model;
    private final Supplier<Session> sessions;
    private final ChatLines lines;
    private volatile Session session;
    private Optional<Usage> last = Optional.empty();

    /** @param sessions makes an empty one with the settings of the command line */
    Chat(Shell shell, Model model, Supplier<Session> sessions, ChatLines lines) {
        this.shell = shell;
        this.model = model;
        this.sessions = sessions;
        this.lines = lines;
        session = sessions.get();
    }

    /** Sets the system message. */
    void system(String text) {
        session.clear().system(text);
    }

    /** From any thread: ends the answer that is running, if one is. */
    void cancel() {
        session.cancel();
    }

    /** Until the lines end, or somebody leaves. */
    void run() throws IOException {
        if (shell.isTty().out()) shell.say("/help tells what can be ordered; Ctrl-C ends an answer, Ctrl-D leaves");
        for (String line = lines.next(); line != null && !shell.interrupts().isInterrupted(); line = lines.next()) {
            if (line.isBlank()) continue;
            if (!line.startsWith("/")) say(line);
            else if (!order(line.strip())) return;
        }
    }

    /** False where it is to leave. */
    private boolean order(String line) {
        String[] parts = line.split("\\s+", 2);
        Optional<ChatOrder> order = ChatOrder.of(parts[0]);
        if (order.isEmpty()) {
            shell.say("unknown: " + parts[0] + "; the orders are:\n" + ChatOrder.help());
            return true;
        }
        if (order.get().takesArgument() && parts.length < 2) {
            shell.say(parts[0] + " needs a " + order.get().argument());
            return true;
        }
        switch (order.get()) {
            case HELP -> shell.say(ChatOrder.help());
            case SYSTEM -> system(parts[1]);
            case CLEAR -> session.clear();
            case UNDO -> session.undo();
            case SAVE -> file(parts[1], this::save);
            case LOAD -> file(parts[1], this::load);
            case STATS -> shell.say(stats());
            case EXIT -> {
                return false;
            }
        }
        return true;
    }

    /** Does something with a file. */
    private interface FileWork {
        String with(ChatFile file) throws IOException;
    }

    private void file(String name, FileWork work) {
        try {
            shell.say(work.with(new ChatFile(Path.of(name))));
        } catch (IOException | InvalidPathException e) {
            shell.say("cannot do that with " + name + ": " + e.getMessage());
        }
    }

    private String save(ChatFile file) throws IOException {
        List<Message> messages = session.messages();
        file.save(messages);
        return "saved, messages: " + messages.size();
    }

    /** What was said before stays where the file cannot be gone on with. */
    private String load(ChatFile file) throws IOException {
        List<Message> messages = file.load();
        Session loaded = sessions.get();
        try {
            messages.forEach(loaded::add);
            loaded.promptTokens();
        } catch (RuntimeException e) {
            loaded.close();
            throw new IOException("the model's chat template refuses it: " + e.getMessage(), e);
        }
        session.close();
        session = loaded;
        return "loaded, messages: " + messages.size();
    }

    private void say(String line) {
        try (Generation generation = session.chat(line)) {
            Finish how = told(generation);
            last = Optional.of(how.usage());
            if (how.reason() == FinishReason.CANCELLED) shell.say("(ended; this turn is forgotten)");
            else if (shell.isTty().out() && shell.isTty().err()) shell.say(counters(how.usage()));
        } catch (ContextFullException e) {
            shell.say(e.getMessage() + "; /clear forgets the conversation, /undo its last turn");
        }
    }

    private Finish told(Generation generation) {
        try (Interrupts.Scope keys = lines.answering(generation::cancel)) {
            for (Piece piece : generation) shell.out().print(piece.text());
            shell.out().print("\n");
            return generation.finish();
        }
    }

    private String counters(Usage usage) {
        return String.format(
                Locale.ROOT,
                "[%d of %d tokens, %.1f tokens/s, %s]",
                usage.promptTokens() + usage.completionTokens(),
                model.contextLength(),
                usage.decodeTokensPerSecond(),
                mib(model.memory().used()));
    }

    private static String mib(long bytes) {
        return String.format(Locale.ROOT, "%.1f MiB", bytes / MIB);
    }

    private String stats() {
        StringBuilder text = new StringBuilder();
        text.append("conversation: ").append(session.messages().size()).append(" messages, ");
        text.append(session.promptTokens())
                .append(" of ")
                .append(model.contextLength())
                .append(" tokens\n");
        last.ifPresent(u -> text.append(String.format(
                Locale.ROOT,
                "last answer: %d tokens at %.1f tokens/s, the first after %.0f ms; prompt: %d tokens, %d known"
                        + " before\n",
                u.completionTokens(),
                u.decodeTokensPerSecond(),
                u.timeToFirstTokenNanos() / 1e6,
                u.promptTokens(),
                u.reusedTokens())));
        text.append("memory: ").append(mib(model.memory().used()));
        long budget = model.memory().budget();
        if (budget < Long.MAX_VALUE) text.append(" of ").append(mib(budget));
        for (Map.Entry<String, Long> row : model.memory().byPurpose().entrySet()) {
            text.append(String.format("\n  %-20s %s", row.getKey(), mib(row.getValue())));
        }
        return text.append(String.format(
                        "\n  %-20s %s", "java-heap", mib(Runtime.getRuntime().totalMemory())))
                .toString();
    }

    @Override
    public void close() {
        session.close();
    }
}
