// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import java.util.Locale;

/** How far long work is: a bar that is drawn over itself on a terminal, a line for each tenth where there is none. */
final class Progress implements AutoCloseable {
    private static final int WIDTH = 30;
    private static final int STEPS = 10;

    private final Shell shell;
    private final boolean isTerminal;
    private int shown = -1;

    Progress(Shell shell) {
        this.shell = shell;
        isTerminal = shell.isTty().err();
    }

    void at(long done, long total, String what) {
        double part = total <= 0 ? 1 : Math.min(1.0, done / (double) total);
        int step = (int) (part * (isTerminal ? 100 : STEPS));
        if (step == shown) return;
        shown = step;
        if (!isTerminal) {
            shell.say(String.format(Locale.ROOT, "%3d%% %s", (int) (part * 100), what));
            return;
        }
        int full = (int) (part * WIDTH);
        String bar = "#".repeat(full) + ".".repeat(WIDTH - full);
        String name = what.length() > 40 ? what.substring(0, 40) : what;
        shell.err().print(String.format(Locale.ROOT, "\r[%s] %3d%% %-40s", bar, (int) (part * 100), name));
        shell.err().flush();
    }

    @Override
    public void close() {
        if (isTerminal && shown >= 0) shell.err().println();
    }
}
