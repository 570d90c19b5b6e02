// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

/** The compute threads: platform threads, one a core, that take chunks from one counter, spin a little, then park. */
public interface Workers extends AutoCloseable {
    /** One chunk of a parallel region. */
    interface Task {
        /** @param worker below {@link Workers#count}; chunks with the same worker never run at once */
        void run(int chunk, int worker);
    }

    int count();

    /** Runs task(i, worker) for every i in [0, chunks); the caller is worker 0. Returns when all are done. */
    void run(int chunks, Task task);

    @Override
    void close();
}
