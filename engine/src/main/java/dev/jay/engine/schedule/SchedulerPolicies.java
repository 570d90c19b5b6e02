// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.schedule;

import dev.jay.tensor.Catalog;

/** Every scheduling policy. To add one: write its file, add its line. */
public final class SchedulerPolicies {
    public static final Catalog<SchedulerPolicy> ALL = Catalog.of(
            "scheduler policy",
            FirstCome.ENTRY,
            ShortestFirst.ENTRY,
            Fair.ENTRY,
            EarliestDeadline.ENTRY,
            InOrder.ENTRY);

    private SchedulerPolicies() {}
}
