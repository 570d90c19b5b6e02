// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.optimize;

import dev.jay.tensor.Catalog;

/** Every optimiser. To add one: write its file, add its line. */
public final class Optimizers {
    public static final Catalog<Optimizer> ALL = Catalog.of(
            "optimizer", AdamW.ENTRY, Sgd.ENTRY, GaLore.ENTRY, Apollo.ENTRY, ApolloMini.ENTRY //
            );

    private Optimizers() {}
}
