// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.merge;

import dev.jay.tensor.Catalog;

/** Every way to merge what is forgotten into what is kept. To add one: write its file, add its line. */
public final class KvMerges {
    public static final Catalog<KvMerge> ALL = Catalog.of(
            "kv merge", Similar.ENTRY, Nearest.ENTRY, Pivot.ENTRY //
            );

    private KvMerges() {}
}
