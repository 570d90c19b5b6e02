// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

/** The compute threads: platform threads, one a core, that take chunks from one counter, stay awake a little, then park. */
public interface Workers extends AutoCloseable {
    /** The most chunks of one region. */
    int MAX_CHUNKS = (1 << 21) - 1;

    /** The most threads: more than any machine has cores, few enough to be started. */
    int MAX_COUNT = 1024;

    /** One chunk of a parallel region. */
    interface Task {
        /** @param worker below {@link Workers#count}; chunks with the same worker never run at once */
        void run(int chunk, int worker);
    }

    /** The calling thread and {@code threads - 1} daemon threads. The caller closes it. */
    static Workers of(int threads) {
        return new ComputeThreads(threads);
    }

    int count();

    /**
     * Runs task(i, worker) for every i in [0, chunks); the caller is worker 0. Returns when all are done. If a chunk
     * throws, chunks not yet begun are skipped and the first exception is thrown here, once nothing runs any more.
     * One region at a time: never called from inside a task.
     */
    void run(int chunks, Task task);

    /** Ends the threads. */
    @Override
    void close();
}
