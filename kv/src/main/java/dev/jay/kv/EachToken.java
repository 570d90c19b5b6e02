// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.tensor.kernel.Ops;
import java.util.function.IntConsumer;

/** Does something for each of some tokens, which have nothing to do with one another. */
interface EachToken {
    /** One after the other, on this thread. */
    EachToken HERE = (tokens, task) -> {
        for (int t = 0; t < tokens; t++) task.accept(t);
    };

    /** Fewer are not worth waking others for. */
    int LEAST = 16;

    void run(int tokens, IntConsumer task);

    /** On the compute threads, if they are many. */
    static EachToken on(Ops ops) {
        return (tokens, task) -> {
            if (tokens < LEAST) HERE.run(tokens, task);
            else ops.forEach(tokens, (t, _) -> task.accept(t));
        };
    }
}
