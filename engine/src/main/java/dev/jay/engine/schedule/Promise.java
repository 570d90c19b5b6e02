// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.schedule;

import dev.jay.tensor.Catalog;

/** All that it can come to need: nobody ever gives way, and fewer run side by side. */
record Promise() implements Admission {
    static final Catalog.Entry<Admission> ENTRY = new Catalog.Entry<>(
            "promise", "room for all that it can come to need; nobody gives way", _ -> new Promise());

    @Override
    public int tokens(Work work) {
        return work.limit();
    }
}
