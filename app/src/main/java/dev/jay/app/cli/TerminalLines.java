// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import java.io.IOException;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.completer.StringsCompleter;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.TerminalBuilder;

/** Lines typed by a person. History lives as long as the conversation: what people type is not written to disk. */
final class TerminalLines implements ChatLines {
    private final Terminal terminal;
    private final LineReader reader;

    TerminalLines() throws IOException {
        terminal = TerminalBuilder.builder().name("jay").system(true).build();
        reader = LineReaderBuilder.builder()
                .terminal(terminal)
                .completer(new StringsCompleter("/help", "/exit", "/reset", "/system"))
                .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
                .build();
    }

    @Override
    public String next() {
        while (true) {
            try {
                return reader.readLine("> ");
            } catch (UserInterruptException e) {
                if (e.getPartialLine().isEmpty())
                    return null; // Ctrl-C on an empty line leaves, on a full one clears it
            } catch (EndOfFileException e) {
                return null;
            }
        }
    }

    @Override
    public void onInterrupt(Runnable cancel) {
        terminal.handle(Signal.INT, signal -> cancel.run());
    }

    @Override
    public void close() throws IOException {
        terminal.close();
    }
}
