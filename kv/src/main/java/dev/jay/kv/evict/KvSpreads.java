// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

import dev.jay.tensor.Catalog;

/** Every way to share budgets out among layers and heads. To add one: write its file, add its line. */
public final class KvSpreads {
    public static final Catalog<KvSpread> ALL = Catalog.of(
            "kv spread", Uniform.ENTRY, Pyramid.ENTRY, Errors.ENTRY, HeadShare.ENTRY //
            );

    private KvSpreads() {}
}
