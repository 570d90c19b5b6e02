// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.tensor.Threads;
import java.util.concurrent.locks.LockSupport;

/** The one thread that steps an engine: runs while there is work, parks while there is none. Owns the engine. */
final class EngineThread {
    private static final System.Logger LOG = System.getLogger(EngineThread.class.getName());
    private static final long LOOK_NANOS = 10_000_000; // how often paused readers and time limits are looked at

    private static final long SHED_NANOS = 500_000_000; // and how short memory is, where nothing runs

    private final Thread thread;
    private Engine engine;
    private volatile boolean closing;

    EngineThread(String name) {
        this.thread = Thread.ofPlatform().daemon().name("jay-engine-" + name).unstarted(this::run);
    }

    void start(Engine toStep) {
        engine = toStep;
        thread.start();
    }

    /** From any thread: there is something to do. */
    void wake() {
        LockSupport.unpark(thread);
    }

    private void run() {
        while (!closing) {
            int worked = 0;
            try {
                worked = engine.step();
            } catch (RuntimeException | Error e) { // a broken law: said, and the next request may still be served
                LOG.log(System.Logger.Level.ERROR, "an engine step failed", e);
            }
            if (worked > 0 || closing) continue;
            if (!engine.isIdle()) LockSupport.parkNanos(this, LOOK_NANOS);
            else if (engine.couldShed()) LockSupport.parkNanos(this, SHED_NANOS);
            else LockSupport.park(this);
        }
        try {
            engine.close();
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "the engine did not close cleanly", e);
        }
    }

    /** Ends every answer and the thread; returns when it is over. */
    void close() {
        if (Thread.currentThread() == thread) {
            throw new IllegalStateException(
                    "a model cannot be closed from its own engine thread (from inside a TokenSink)");
        }
        closing = true;
        wake();
        Threads.awaitEnd(thread); // the step ends soon
    }
}
