// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.merge;

import dev.jay.tensor.Args;

/** The option of every merge to have kept tokens count for what they weigh: {@code counts=1}. */
final class Counts {
    static final String HELP = "; counts=1: kept tokens draw attention for all they took in";

    private Counts() {}

    static boolean of(String member, Args args) {
        int counts = args.intOf("counts", 0);
        if (counts != 0 && counts != 1) {
            throw new IllegalArgumentException("kv merge " + member + ": counts=" + counts + ", allowed: 0, 1");
        }
        return counts == 1;
    }
}
