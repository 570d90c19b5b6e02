// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

import dev.jay.tensor.Catalog;

/** Every way to choose what is forgotten. To add one: write its file, add its line. */
public final class KvEvictions {
    public static final Catalog<KvEviction> ALL = Catalog.of(
            "kv eviction",
            RandomTokens.ENTRY,
            SinkWindow.ENTRY,
            HeavyHitter.ENTRY,
            PromptWindow.ENTRY,
            GumbelKeys.ENTRY,
            Recurring.ENTRY,
            RetrievalHeads.ENTRY,
            Anchors.ENTRY,
            Clusters.ENTRY //
            );

    private KvEvictions() {}
}
