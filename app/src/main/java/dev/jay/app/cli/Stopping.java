// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import java.util.concurrent.CountDownLatch;
import org.jline.utils.Signals;

/** A server's end: the first signal asks it to finish what is inside, the second ends the process at once. */
final class Stopping {
    private static final int SIGNALLED = 128;

    private Stopping() {}

    static void secondSignalExits(CountDownLatch stop) {
        register("TERM", 15, stop);
        register("INT", 2, stop);
    }

    private static void register(String signal, int number, CountDownLatch stop) {
        Signals.register(signal, () -> {
            if (stop.getCount() == 0) Runtime.getRuntime().halt(SIGNALLED + number);
            stop.countDown();
        });
    }
}
