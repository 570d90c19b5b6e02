// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.prefix;

import dev.jay.tensor.Catalog;

/** Every way to choose the idle prefix that gives way. To add one: write its file, add its line. */
public final class PageReplacements {
    public static final Catalog<PageReplacement> ALL =
            Catalog.of("page replacement", LeastRecent.ENTRY, LeastCost.ENTRY);

    private PageReplacements() {}
}
