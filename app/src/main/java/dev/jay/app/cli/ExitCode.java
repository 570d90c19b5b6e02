// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

/** How a command ended, as the shell sees it. One list, printed in every {@code --help}. */
enum ExitCode {
    OK(0, "done"),
    FAILED(1, "failed while running"),
    USAGE(2, "wrong usage"),
    MALFORMED(65, "an input file is malformed"),
    NO_INPUT(66, "no such file"),
    INTERNAL(70, "a bug in Jay"),
    NO_ROOM(75, "out of memory or room; try again later or with more"),
    CONFIGURATION(78, "no JDK 25, no build, or a broken config file"),
    INTERRUPTED(130, "interrupted"),
    OUTPUT_CLOSED(141, "whoever read the output has left");

    private final int code;
    private final String meaning;

    ExitCode(int code, String meaning) {
        this.code = code;
        this.meaning = meaning;
    }

    int code() {
        return code;
    }

    String meaning() {
        return meaning;
    }
}
