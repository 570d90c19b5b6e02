// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

/** A command cannot go on, for a reason worth one line to the person who gave it. */
final class CommandException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final ExitCode exit;

    CommandException(ExitCode exit, String message) {
        super(message);
        this.exit = exit;
    }

    CommandException(ExitCode exit, String message, Throwable cause) {
        super(message, cause);
        this.exit = exit;
    }

    ExitCode exit() {
        return exit;
    }
}
