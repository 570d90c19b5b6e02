// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.schedule;

import dev.jay.tensor.Catalog;

/** Every way to let sequences in. To add one: write its file, add its line. */
public final class Admissions {
    public static final Catalog<Admission> ALL = Catalog.of("admission", Promise.ENTRY, Grow.ENTRY);

    private Admissions() {}
}
