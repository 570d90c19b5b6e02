// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import java.util.Map;

/**
 * How fast one answer in fast mode will come, by closed formulas over what was measured of the machine: decode reads every
 * weight and the keys and values before it once a token; prefill multiplies by every weight, a step of tokens at a time;
 * what is streamed comes at the disk's rate meanwhile.
 *
 * @param decodeTokensPerSecond  in the middle of a full context
 * @param prefillTokensPerSecond of a prompt of half the context
 * @param boundBy                what decode spends most of its time on
 */
public record Speed(double decodeTokensPerSecond, double prefillTokensPerSecond, String boundBy) {
    /** What a machine that was not measured for a format is taken to do: its slowest. */
    private static double rate(Map<String, Double> rates, String format) {
        Double known = rates.get(format);
        return known != null
                ? known
                : rates.values().stream().min(Double::compare).orElse(1e9);
    }

    /** @param diskRate bytes a second of where the model's files lie */
    public static Speed of(Needs needs, Plan plan, Probe probe, double diskRate) {
        Arithmetic a = needs.arithmetic();
        int context = plan.setup().contextLength();
        double weights = 0;
        for (var e : a.layerBytes().entrySet()) weights += e.getValue() / rate(probe.vectorRates(), e.getKey());
        double head = 0;
        for (var e : a.headBytes().entrySet()) head += e.getValue() / rate(probe.vectorRates(), e.getKey());
        double attention = context / 2.0 * a.kvTokenBytes() / probe.attentionRate();
        double layers = a.layers() * probe.layerSeconds();
        double disk =
                plan.split().map(s -> s.streamedBytes() / Math.max(1, diskRate)).orElse(0.0);
        double computed = weights + head + attention + layers;
        String bound = disk > computed ? "disk" : attention > weights + head ? "keys and values" : "weights";
        return new Speed(1 / Math.max(disk, computed), prefill(a, plan, probe, head, disk), bound);
    }

    private static double prefill(Arithmetic a, Plan plan, Probe probe, double head, double disk) {
        double tokens = Math.max(1, plan.setup().contextLength() / 2);
        double step = Math.min(plan.setup().stepTokens(), tokens);
        double each = a.layers() * probe.layerSeconds() / Math.min(plan.setup().layerRows(), tokens); // of a token
        for (var e : a.layerWeights().entrySet()) each += 2.0 * e.getValue() / rate(probe.matrixRates(), e.getKey());
        each += tokens / 2 * a.attentionFlops() / probe.attentionFlops();
        double steps = Math.ceil(tokens / step);
        double computed = tokens * each + head;
        return tokens / Math.max(computed, steps * disk);
    }
}
