// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import java.util.Map;

/**
 * How fast one answer in fast mode will come, by closed formulas over what was measured of the machine: decode reads every
 * weight and the keys and values before it once a token; prefill makes every weight ready once a step, and each token for
 * the weights, and multiplies the two; what is streamed comes at the disk's rate meanwhile.
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
        double disk = disk(plan, diskRate);
        double computed = weights + head + attention + layers;
        String bound = disk > computed ? "disk" : attention > weights + head ? "keys and values" : "weights";
        return new Speed(1 / Math.max(disk, computed), prefill(a, plan, probe, head, disk), bound);
    }

    private static double prefill(Arithmetic a, Plan plan, Probe probe, double head, double disk) {
        int tokens = Math.max(1, plan.setup().contextLength() / 2);
        int step = Math.min(plan.setup().stepTokens(), tokens);
        int rest = tokens % step;
        int whole = tokens / step;
        double seconds = head + whole * Math.max(disk, step(a, plan, probe, step));
        if (rest > 0) seconds += Math.max(disk, step(a, plan, probe, rest));
        return tokens / (seconds + attends(a, probe, 0, tokens));
    }

    /** Seconds that so many tokens of a prompt add to what it takes, {@code from} others before them. */
    static double seconds(Arithmetic a, Plan plan, Probe probe, double diskRate, int from, int tokens) {
        int step = plan.setup().stepTokens();
        double pass = Math.max(disk(plan, diskRate), step(a, plan, probe, step)); // steps are full where there is much
        return (double) tokens / step * pass + attends(a, probe, from, tokens);
    }

    /** Seconds of attention of so many tokens of a prompt, {@code from} others before them. */
    private static double attends(Arithmetic a, Probe probe, int from, int tokens) {
        double keys = from + tokens / 2.0 + probe.attentionKeys();
        return tokens * keys * a.attentionFlops() / probe.attentionFlops();
    }

    private static double disk(Plan plan, double rate) {
        return plan.split().map(s -> s.streamedBytes() / Math.max(1, rate)).orElse(0.0);
    }

    /** Seconds of so many rows through all layers, but for attention. */
    private static double step(Arithmetic a, Plan plan, Probe probe, int rows) {
        int parts = Math.ceilDiv(rows, plan.setup().layerRows()); // each makes the weights ready anew
        double seconds = parts * a.layers() * probe.layerSeconds() + rows * a.rowValues() / probe.rowRate();
        for (var e : a.layerWeights().entrySet()) {
            double ready = parts / rate(probe.panelRates(), e.getKey());
            seconds += e.getValue() * (ready + rows * 2.0 / rate(probe.matrixRates(), e.getKey()));
        }
        for (var e : a.layerOutputs().entrySet()) {
            seconds += rows * e.getValue() / rate(probe.outputRates(), e.getKey());
        }
        for (var e : a.layerInputs().entrySet()) seconds += rows * e.getValue() / rate(probe.inputRates(), e.getKey());
        return seconds;
    }
}
