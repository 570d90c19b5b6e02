// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.tensor.kernel.Ops;
import java.util.function.IntConsumer;

/** Does something for each of some tokens, or groups of them, which have nothing to do with one another. */
interface EachToken {
    /** One after the other, on this thread. */
    EachToken HERE = new EachToken() { // a lambda of an interface with defaults is linked anew by every start
                @Override
                public void run(int tasks, int tokens, IntConsumer task) {
                    for (int t = 0; t < tasks; t++) task.accept(t);
                }
            };

    /** Fewer tokens are not worth waking others for. */
    int LEAST = 16;

    /** @param tokens of each task */
    void run(int tasks, int tokens, IntConsumer task);

    /** One task each. */
    default void run(int tokens, IntConsumer task) {
        run(tokens, 1, task);
    }

    /** On the compute threads, if they are many. */
    static EachToken on(Ops ops) {
        return new EachToken() {
            @Override
            public void run(int tasks, int tokens, IntConsumer task) {
                if (tasks == 1 || (long) tasks * tokens < LEAST) HERE.run(tasks, tokens, task);
                else ops.forEach(tasks, (t, _) -> task.accept(t));
            }
        };
    }
}
