// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.merge;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;
import java.util.function.Function;

/** A merge whose kept tokens count in attention for what they weigh: {@code counts=1}, an option of every merge. */
record Counting(KvMerge merge) implements KvMerge {
    /** A member of the catalog that takes the option. */
    static Catalog.Entry<KvMerge> entry(String name, String summary, Function<Args, KvMerge> make) {
        return new Catalog.Entry<>(
                name, summary + "; counts=1: kept tokens draw attention for all they took in", args -> {
                    int counts = args.intOf("counts", 0);
                    if (counts != 0 && counts != 1) {
                        throw new IllegalArgumentException(
                                "kv merge " + name + ": counts=" + counts + ", allowed: 0, 1");
                    }
                    KvMerge merge = make.apply(args);
                    return counts == 1 ? new Counting(merge) : merge;
                });
    }

    @Override
    public boolean counts() {
        return true;
    }

    @Override
    public String name() {
        String name = merge.name();
        return name.endsWith(")") ? name.substring(0, name.length() - 1) + ",counts=1)" : name + "(counts=1)";
    }

    @Override
    public void match(KvParting parting, int[] into, float[] weights) {
        merge.match(parting, into, weights);
    }
}
