// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.prefill;

import dev.jay.tensor.Catalog;

/** Every way to have a prompt's queries read less. To add one: write its file, add its line. */
public final class KvPrefills {
    public static final Catalog<KvPrefill> ALL = Catalog.of(
            "kv prefill", FirstAndLast.ENTRY, Patterns.ENTRY //
            );

    private KvPrefills() {}
}
