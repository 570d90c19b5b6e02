// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.optimize;

import dev.jay.tensor.Catalog;

/** {@link Apollo} of rank 1, with one factor for a tensor and that much greater: two values for a row or a column. */
final class ApolloMini {
    static final Catalog.Entry<Optimizer> ENTRY = new Catalog.Entry<>(
            "apollo-mini",
            "APOLLO of rank 1; apollo-mini(gap=200,scale=128,decay=0.1): the factor is the root of scale",
            a -> new Apollo(
                    1, a.intOf("gap", 200), Math.sqrt(a.doubleOf("scale", 128)), a.doubleOf("decay", 0.1), true));

    private ApolloMini() {}
}
