// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.filter;

import dev.jay.tensor.Catalog;

/** Every way to choose which tokens of a prompt a model runs on. To add one: write its file, add its line. */
public final class KvFilters {
    public static final Catalog<KvFilter> ALL = Catalog.of(
            "kv filter", RandomPrompt.ENTRY, EarlyLayer.ENTRY //
            );

    private KvFilters() {}
}
