// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import dev.jay.model.load.StreamSplit;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a model is opened inside a budget, decided before anything is loaded. What is set aside is what is reserved when it
 * is; what is expected is what will be memory once full
 * sequences have run in fast mode, and idle prefixes have filled the pages that these leave.
 *
 * @param budgetBytes what there is; {@link Long#MAX_VALUE}: no limit
 * @param fits        false: nothing that was asked for does; the rest then tells of the smallest that was tried
 * @param neededBytes the least budget that would do for what was asked
 * @param setAside    bytes that may become memory, by purpose; their sum is at most the budget where it fits
 * @param expected    bytes that will be memory at the peak, by purpose
 * @param split       which part of the weights stays, where they are streamed
 * @param chosen      what was decided, and why
 */
public record Plan(
        long budgetBytes,
        Setup setup,
        boolean fits,
        long neededBytes,
        Map<String, Long> setAside,
        Map<String, Long> expected,
        Optional<StreamSplit> split,
        List<Choice> chosen) {
    /** One decision. */
    public record Choice(String mechanism, String why) {}

    /** The most bytes that will be memory at once. */
    public long peakBytes() {
        return sum(expected);
    }

    public long setAsideBytes() {
        return sum(setAside);
    }

    /** The same with other words of what was decided. */
    public Plan with(List<Choice> told) {
        return new Plan(budgetBytes, setup, fits, neededBytes, setAside, expected, split, List.copyOf(told));
    }

    private static long sum(Map<String, Long> rows) {
        return rows.values().stream().mapToLong(Long::longValue).sum();
    }
}
