// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** How a server logs: one line each on standard error, what it prints of its libraries only from a warning up. */
final class ServerLog extends Formatter {
    private ServerLog() {}

    static void quiet() {
        Logger root = Logger.getLogger("");
        root.setLevel(Level.WARNING);
        for (Handler handler : root.getHandlers()) handler.setFormatter(new ServerLog());
    }

    @Override
    public String format(LogRecord record) {
        StringBuilder line = new StringBuilder();
        line.append(Instant.ofEpochMilli(record.getMillis()).truncatedTo(ChronoUnit.MILLIS))
                .append(' ');
        line.append(record.getLevel().getName())
                .append(' ')
                .append(formatMessage(record))
                .append('\n');
        for (Throwable t = record.getThrown(); t != null; t = t.getCause()) {
            line.append("  ")
                    .append(t.getClass().getName())
                    .append(": ")
                    .append(t.getMessage())
                    .append('\n');
            for (StackTraceElement at : t.getStackTrace())
                line.append("    at ").append(at).append('\n');
        }
        return line.toString();
    }
}
