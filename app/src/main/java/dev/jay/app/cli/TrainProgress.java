// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.train.TrainRoom;
import dev.jay.train.TrainRun;
import dev.jay.train.report.Curves;
import java.util.Locale;

/** How far a training run is: a bar that every step redraws, a line for some of them where there is no terminal. */
final class TrainProgress implements TrainRun.Watcher, AutoCloseable {
    private static final int WIDTH = 20;
    private static final int LINES = 50; // of a run, where there is no terminal

    private final Shell shell;
    private final boolean isTerminal;
    private final Progress reading;
    private boolean isDrawn;
    private String valid = "";

    TrainProgress(Shell shell) {
        this.shell = shell;
        this.isTerminal = shell.isTty().err();
        this.reading = new Progress(shell);
    }

    @Override
    public void planned(TrainRoom room) {
        shell.say("memory: " + TrainCommand.mebibytes(room.parts())
                + (room.size().recompute() ? "; activations are computed again on the way back" : "")
                + (room.toFile() > 0 ? "; activations wait in a file, " + (room.toFile() >> 20) + "m a pass" : ""));
    }

    @Override
    public void reading(String what, long bytes, long total) {
        reading.at(bytes, total, what);
    }

    @Override
    public void step(int steps, Curves.Row row, double tokensPerSecond, double secondsLeft) {
        boolean looked = !Double.isNaN(row.validLoss());
        if (looked) {
            valid = String.format(Locale.ROOT, " valid %.4f (%.4f bits a byte)", row.validLoss(), row.validBits());
        }
        String text = String.format(
                Locale.ROOT,
                "step %d/%d loss %.4f%s %.0f tokens/s, %s left",
                row.step(),
                steps,
                row.loss(),
                valid,
                tokensPerSecond,
                time(secondsLeft));
        if (isTerminal) {
            if (!isDrawn) reading.close();
            isDrawn = true;
            int full = (int) ((long) row.step() * WIDTH / steps);
            shell.err().print("\r[" + "#".repeat(full) + ".".repeat(WIDTH - full) + "] " + text + "\u001b[K");
            shell.err().flush();
        } else if (looked || row.step() == 1 || row.step() % Math.max(1, steps / LINES) == 0) {
            shell.say(text);
        }
    }

    private static String time(double seconds) {
        long s = Math.round(seconds);
        if (s < 60) return s + " s";
        return s < 3600 ? s / 60 + " min " + s % 60 + " s" : s / 3600 + " h " + s % 3600 / 60 + " min";
    }

    @Override
    public void note(String line) {
        if (isDrawn) shell.err().print("\r\u001b[K");
        shell.say(line);
    }

    @Override
    public boolean isCancelled() {
        return shell.interrupts().isInterrupted();
    }

    @Override
    public void close() {
        if (isDrawn) shell.err().println();
    }
}
