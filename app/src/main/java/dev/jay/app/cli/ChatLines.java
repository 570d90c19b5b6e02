// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/** Where the lines of a conversation come from. */
interface ChatLines extends AutoCloseable {
    /** The next text, which may be of several lines ({@link Multiline}); null at the end. */
    String next() throws IOException;

    /** While an answer comes, until the scope is closed: Ctrl-C calls this, and what is typed is kept for later. */
    Interrupts.Scope answering(Runnable cancel);

    @Override
    void close() throws IOException;

    /**
     * A terminal with editing, or plain lines where standard input or output is none.
     *
     * @param history where what is typed at a terminal is kept
     */
    static ChatLines of(Shell shell, Optional<Path> history) throws IOException {
        boolean terminal = shell.isTty().in() && shell.isTty().out();
        return terminal ? TerminalLines.ofSystem(history) : new Plain(shell.in());
    }

    /** Lines of a pipe or a file. */
    final class Plain implements ChatLines {
        private final BufferedReader reader;

        Plain(InputStream in) {
            reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
        }

        @Override
        public String next() throws IOException {
            String typed = reader.readLine();
            if (typed == null) return null;
            StringBuilder all = new StringBuilder(typed);
            while (!Multiline.isWhole(all.toString())) {
                String more = reader.readLine();
                if (more == null) break;
                all.append('\n').append(more);
            }
            return Multiline.text(all.toString());
        }

        @Override
        public Interrupts.Scope answering(Runnable cancel) {
            return () -> {};
        }

        @Override
        public void close() {}
    }
}
