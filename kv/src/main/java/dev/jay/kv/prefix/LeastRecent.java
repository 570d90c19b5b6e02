// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.prefix;

import dev.jay.tensor.Catalog;

/** What was not used for longest goes first. */
record LeastRecent() implements PageReplacement {
    static final Catalog.Entry<PageReplacement> ENTRY =
            new Catalog.Entry<>("least-recent", "what was not used for longest goes first", _ -> new LeastRecent());

    @Override
    public double worth(double floor, long use, int position, int tokens) {
        return use;
    }
}
