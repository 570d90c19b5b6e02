// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** Where the lines of a conversation come from. */
interface ChatLines extends AutoCloseable {
    /** The next line; null at the end. */
    String next() throws IOException;

    /** While an answer comes, Ctrl-C calls this instead of ending the program. */
    void onInterrupt(Runnable cancel);

    @Override
    void close() throws IOException;

    /** A terminal with editing and history, or plain lines where standard input or output is none. */
    static ChatLines of(Shell shell) throws IOException {
        boolean terminal = shell.isTty().in() && shell.isTty().out();
        return terminal ? new TerminalLines() : new Plain(shell.in());
    }

    /** Lines of a pipe or a file. */
    final class Plain implements ChatLines {
        private final BufferedReader reader;

        Plain(InputStream in) {
            reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
        }

        @Override
        public String next() throws IOException {
            return reader.readLine();
        }

        @Override
        public void onInterrupt(Runnable cancel) {}

        @Override
        public void close() {}
    }
}
