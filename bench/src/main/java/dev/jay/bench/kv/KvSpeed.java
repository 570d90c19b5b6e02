// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.engine.Generation;
import dev.jay.engine.Model;
import dev.jay.engine.Request;
import dev.jay.engine.Usage;
import dev.jay.engine.sample.Sampling;
import java.util.Arrays;
import java.util.Random;

/**
 * How fast a recipe is beside f16, run in turn.
 *
 * @param decode  medians of shares of f16's
 * @param prefill the same
 * @param energy  joules of both together; NaN where the machine does not tell
 */
record KvSpeed(double decode, double prefill, double energy) {
    static final KvSpeed UNKNOWN = new KvSpeed(Double.NaN, Double.NaN, Double.NaN);

    private static final int DECODED = 16; // tokens

    /** @param runs 0: unknown */
    static KvSpeed of(Model kept, Model full, int length, int runs, long seed) {
        if (runs == 0) return UNKNOWN;
        Energy energy = new Energy();
        double[] decode = new double[runs];
        double[] prefill = new double[runs];
        double[] joules = new double[runs];
        for (int run = -1; run < runs; run++) { // the first is to warm up
            long[] begin = energy.now();
            Usage a = once(kept, length, seed + run);
            double its = energy.since(begin);
            begin = energy.now();
            Usage b = once(full, length, seed + run);
            double others = energy.since(begin);
            if (run < 0) continue;
            decode[run] = a.decodeTokensPerSecond() / b.decodeTokensPerSecond();
            prefill[run] = a.promptTokensPerSecond() / b.promptTokensPerSecond();
            joules[run] = its / others;
        }
        return new KvSpeed(median(decode), median(prefill), median(joules));
    }

    static double median(double[] of) {
        double[] sorted = of.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    /** Random tokens, others each time: nothing of them is known already. */
    private static Usage once(Model of, int length, long seed) {
        int[] prompt = new Random(seed)
                .ints(
                        Math.min(length, of.contextLength() - DECODED - 1),
                        0,
                        of.spec().vocabulary())
                .toArray();
        Request request = Request.of(prompt)
                .withSampling(Sampling.GREEDY)
                .withMaxTokens(DECODED)
                .withIgnoreEos(true)
                .withSharing(false);
        try (Generation generation = of.generate(request)) {
            generation.text();
            return generation.usage();
        }
    }
}
