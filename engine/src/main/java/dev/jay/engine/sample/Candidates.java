// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample;

import dev.jay.engine.sample.grammar.TokenMask;
import dev.jay.tensor.format.Floats;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.ToIntFunction;

/**
 * The tokens still in the running for one place, and their logits. Working space: loaded anew for each token, so one
 * serves all sequences of a thread. Sized by the vocabulary once; nothing is allocated after that.
 *
 * <p>Until a step cuts, candidate i is token i. The better of two candidates has the greater logit, or the lower id where
 * the logits are equal, so every order here is total.
 */
public final class Candidates {
    final int[] tokens;
    final float[] logits;
    final double[] weights;
    final int[] counts; // all zero between steps
    private final ToIntFunction<MemorySegment> greatest;
    private int size;
    private int sorted; // candidates [0, sorted) are the best, best first

    public Candidates(int vocabulary) {
        this(vocabulary, row -> greatest(row, vocabulary));
    }

    /** @param greatest as {@link #greatest(MemorySegment, int)} */
    public Candidates(int vocabulary, ToIntFunction<MemorySegment> greatest) {
        this.greatest = greatest;
        this.tokens = new int[vocabulary];
        this.logits = new float[vocabulary];
        this.weights = new double[vocabulary];
        this.counts = new int[vocabulary];
    }

    public int vocabulary() {
        return tokens.length;
    }

    int size() {
        return size;
    }

    /** @throws IllegalStateException if a logit is not a number: the model or a kernel is broken, and no token is right */
    void load(MemorySegment row) {
        size = tokens.length;
        sorted = 0;
        MemorySegment.copy(row, Floats.LAYOUT, 0, logits, 0, size);
        for (int i = 0; i < size; i++) {
            tokens[i] = i;
            if (!(logits[i] < Float.POSITIVE_INFINITY)) throw noNumber(i, logits[i], size);
        }
    }

    /** {@link #load}, with what a mask does not allow at -infinity. */
    void load(MemorySegment row, TokenMask mask) {
        load(row);
        mask.apply(logits);
    }

    private static IllegalStateException noNumber(int token, float logit, int vocabulary) {
        return new IllegalStateException("logits are not numbers: token=" + token + ", logit=" + logit + ", vocabulary="
                + vocabulary + "; no token can be chosen from them");
    }

    /** What {@link #load} and {@link #best} would find, without a copy of the row: at -infinity if all of them are. */
    int best(MemorySegment row) {
        int best = greatest.applyAsInt(row);
        float logit = Floats.get(row, best);
        if (!(logit < Float.POSITIVE_INFINITY)) throw noNumber(best, logit, vocabulary());
        return best;
    }

    /** The place of a row's first NaN, or else of its greatest, the lowest such place. */
    public static int greatest(MemorySegment row, int vocabulary) {
        int best = 0;
        float most = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < vocabulary; i++) {
            float logit = Floats.get(row, i);
            if (Float.isNaN(logit)) return i;
            if (logit > most) {
                most = logit;
                best = i;
            }
        }
        return best;
    }

    /** Puts the k best in front, best first. Selects; never sorts the rest. */
    void sortBest(int k) {
        int wanted = Math.min(k, size);
        if (wanted <= sorted) return;
        for (int i = wanted / 2 - 1; i >= 0; i--) sink(i, wanted);
        for (int i = wanted; i < size; i++) {
            if (isBetter(i, 0)) {
                swap(i, 0);
                sink(0, wanted);
            }
        }
        for (int end = wanted - 1; end > 0; end--) { // the worst of the heap goes last
            swap(0, end);
            sink(0, end);
        }
        sorted = wanted;
    }

    int sorted() {
        return sorted;
    }

    /** Keeps the first ones only; they must be sorted. */
    void keep(int count) {
        size = count;
        sorted = Math.min(sorted, count);
    }

    /** Keeps those whose logit is at least this, in their order. */
    void keepFrom(float least) {
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (logits[i] >= least) {
                logits[kept] = logits[i];
                tokens[kept++] = tokens[i];
            }
        }
        sorted = Math.min(sorted, kept);
        size = kept;
    }

    int best() {
        if (sorted > 0) return 0;
        int best = 0;
        for (int i = 1; i < size; i++) if (isBetter(i, best)) best = i;
        return best;
    }

    /** Sets weights[i] to exp(logits[i] - greatest) and returns their sum. At least one logit must be finite. */
    double weigh() {
        float greatest = logits[best()];
        if (greatest == Float.NEGATIVE_INFINITY) {
            throw new IllegalStateException("no token is allowed: every logit left is -infinity, candidates=" + size);
        }
        double sum = 0;
        for (int i = 0; i < size; i++) {
            weights[i] = Math.exp((double) logits[i] - greatest);
            sum += weights[i];
        }
        return sum;
    }

    /** For tests: the tokens left. */
    int[] left() {
        return Arrays.copyOf(tokens, size);
    }

    private boolean isBetter(int a, int b) {
        return logits[a] > logits[b] || (logits[a] == logits[b] && tokens[a] < tokens[b]);
    }

    /** The root of the heap is its worst. */
    private void sink(int root, int end) {
        int at = root;
        while (true) {
            int child = 2 * at + 1;
            if (child >= end) return;
            if (child + 1 < end && isBetter(child, child + 1)) child++;
            if (!isBetter(at, child)) return;
            swap(at, child);
            at = child;
        }
    }

    private void swap(int a, int b) {
        float logit = logits[a];
        logits[a] = logits[b];
        logits[b] = logit;
        int token = tokens[a];
        tokens[a] = tokens[b];
        tokens[b] = token;
    }
}
