// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.select;

import dev.jay.tensor.Catalog;

/** Every way to choose what a query reads. To add one: write its file, add its line. */
public final class KvSelections {
    public static final Catalog<KvSelection> ALL = Catalog.of(
            "kv selection", RandomUnits.ENTRY, BestPages.ENTRY, Landmarks.ENTRY //
            );

    private KvSelections() {}
}
