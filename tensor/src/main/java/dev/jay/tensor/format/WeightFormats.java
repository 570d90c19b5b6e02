// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import dev.jay.tensor.Catalog;

/** Every weight format the runtime reads. To add one: write its file, add its line. */
public final class WeightFormats {
    public static final Catalog<WeightFormat> ALL = Catalog.of(
            "weight format",
            F32.ENTRY
    );

    private WeightFormats() {}
}
