// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample;

import dev.jay.tensor.Catalog;

/** Every sampling step, in the order they run. To add one: write its file, add its line, and its field in Sampling. */
final class SamplingSteps {
    static final Catalog<SamplingStep> ALL = Catalog.of(
            "sampling step", Penalties.ENTRY, LogitBias.ENTRY, Temperature.ENTRY, TopK.ENTRY, TopP.ENTRY, MinP.ENTRY);

    private SamplingSteps() {}
}
