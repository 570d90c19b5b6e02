// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jline.builtins.Completers.FileNameCompleter;
import org.jline.keymap.KeyMap;
import org.jline.reader.EOFError;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.ParsedLine;
import org.jline.reader.UserInterruptException;
import org.jline.reader.Widget;
import org.jline.reader.impl.DefaultParser;
import org.jline.reader.impl.completer.AggregateCompleter;
import org.jline.reader.impl.completer.ArgumentCompleter;
import org.jline.reader.impl.completer.NullCompleter;
import org.jline.reader.impl.completer.StringsCompleter;
import org.jline.terminal.Attributes;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.NonBlockingReader;

/** Lines typed by a person: editing, history, completion of orders, several lines. */
final class TerminalLines implements ChatLines {
    private static final long LOOK_MILLIS = 50;
    private static final int MOST_TYPED = 1 << 16;
    private static final char CTRL_D = 4;

    private final Terminal terminal;
    private final LineReader reader;
    private final StringBuffer typed = new StringBuffer(); // while an answer came

    /** @param terminal closed with this */
    TerminalLines(Terminal terminal, Optional<Path> history) throws IOException {
        this.terminal = terminal;
        LineReaderBuilder builder = LineReaderBuilder.builder()
                .terminal(terminal)
                .parser(new Whole())
                .completer(completer())
                .variable(LineReader.SECONDARY_PROMPT_PATTERN, "| ")
                .option(LineReader.Option.HISTORY_IGNORE_SPACE, true)
                .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true);
        if (history.isPresent()) {
            own(history.get());
            builder.variable(LineReader.HISTORY_FILE, history.get());
        }
        reader = builder.build();
        Widget newLine = () -> {
            reader.getBuffer().write('\n');
            return true;
        };
        reader.getKeyMaps().get(LineReader.MAIN).bind(newLine, KeyMap.alt('\r'), KeyMap.alt('\n'));
    }

    static TerminalLines ofSystem(Optional<Path> history) throws IOException {
        return new TerminalLines(
                TerminalBuilder.builder().name("jay").system(true).build(), history);
    }

    /** What people type is for nobody else to read. */
    private static void own(Path file) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        boolean posix = Files.getFileStore(file.toAbsolutePath().getParent()).supportsFileAttributeView("posix");
        if (!posix) return;
        try {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        } catch (FileAlreadyExistsException e) { // from before: whose it is then, its owner has decided
        }
    }

    private static AggregateCompleter completer() {
        String[] files = words(true);
        return new AggregateCompleter(
                new StringsCompleter(words(false)),
                new ArgumentCompleter(new StringsCompleter(files), new FileNameCompleter(), NullCompleter.INSTANCE));
    }

    private static String[] words(boolean ofFiles) {
        return Arrays.stream(ChatOrder.values())
                .filter(o -> o.takesFile() == ofFiles)
                .map(ChatOrder::word)
                .toArray(String[]::new);
    }

    /** Quotes and backslashes are text here; what is not whole goes on in the next line. */
    private static final class Whole extends DefaultParser {
        Whole() {
            setQuoteChars(new char[0]);
            setEscapeChars(new char[0]);
        }

        @Override
        public ParsedLine parse(String line, int cursor, ParseContext context) {
            if (context == ParseContext.ACCEPT_LINE && !Multiline.isWhole(line)) throw new EOFError(-1, -1, "more");
            return super.parse(line, cursor, context);
        }
    }

    @Override
    public String next() {
        if (!typed.isEmpty()) {
            reader.runMacro(typed.toString()); // as if it were typed now: Enter and Ctrl-D among it do what they do
            typed.setLength(0);
        }
        while (true) {
            try {
                return Multiline.text(reader.readLine("> "));
            } catch (UserInterruptException e) {
                terminal.writer().println("(Ctrl-D leaves)");
                terminal.flush();
            } catch (EndOfFileException e) {
                return null;
            }
        }
    }

    /**
     * The terminal hands keys over as they come meanwhile: left as it is, it would keep lines to itself and forget a
     * Ctrl-D when editing begins again.
     */
    @Override
    public Interrupts.Scope answering(Runnable cancel) {
        Terminal.SignalHandler before = terminal.handle(Signal.INT, signal -> cancel.run());
        Attributes cooked = terminal.enterRawMode();
        Attributes raw = terminal.getAttributes();
        raw.setLocalFlag(Attributes.LocalFlag.ISIG, true); // Ctrl-C stays a signal
        terminal.setAttributes(raw);
        AtomicBoolean ended = new AtomicBoolean();
        Thread keys = Thread.ofPlatform().daemon().name("jay-keys").start(() -> keepKeys(ended));
        return () -> {
            ended.set(true);
            try {
                keys.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            terminal.setAttributes(cooked);
            terminal.handle(Signal.INT, before);
        };
    }

    private void keepKeys(AtomicBoolean ended) {
        NonBlockingReader in = terminal.reader();
        try {
            while (!ended.get()) {
                int c = in.read(LOOK_MILLIS);
                if (c >= 0 && typed.length() < MOST_TYPED) typed.append((char) c);
                if (c != NonBlockingReader.EOF) continue;
                typed.append(CTRL_D);
                return;
            }
        } catch (IOException e) { // the terminal is gone, which the next line will show
        }
    }

    @Override
    public void close() throws IOException {
        reader.getHistory().save();
        terminal.close();
    }
}
