// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.optimize;

import dev.jay.tensor.Catalog;

/** {@link Apollo} of rank 1 with one factor for a tensor: two values for a row or a column. */
final class ApolloMini {
    static final Catalog.Entry<Optimizer> ENTRY = new Catalog.Entry<>(
            "apollo-mini",
            "APOLLO of rank 1; apollo-mini(gap=200,scale=1,decay=0.1): a step is scale times as long as AdamW's",
            a -> new Apollo(1, a.intOf("gap", 200), a.doubleOf("scale", 1), a.doubleOf("decay", 0.1), true));

    private ApolloMini() {}
}
