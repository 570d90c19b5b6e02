// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** Standard output: UTF-8 whatever the locale, and a reader who has left ends the command instead of being ignored. */
final class Output {
    private final OutputStream stream;

    Output(OutputStream stream) {
        this.stream = stream;
    }

    /** Written through at once, so that a pipe sees each piece as it comes. */
    Output print(String text) {
        try {
            stream.write(text.getBytes(StandardCharsets.UTF_8));
            stream.flush();
        } catch (IOException e) {
            throw new CommandException(ExitCode.OUTPUT_CLOSED, "standard output is closed", e);
        }
        return this;
    }

    Output line(String text) {
        return print(text + "\n");
    }
}
