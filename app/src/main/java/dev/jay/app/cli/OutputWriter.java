// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import java.io.Writer;

/** Lets picocli print its help to {@link Output}. */
final class OutputWriter extends Writer {
    private final Output output;

    OutputWriter(Output output) {
        this.output = output;
    }

    @Override
    public void write(char[] text, int from, int length) {
        output.print(new String(text, from, length));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
}
