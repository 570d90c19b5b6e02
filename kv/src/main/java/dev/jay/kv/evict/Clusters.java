// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;
import java.util.Arrays;

/**
 * Forgets nothing as a whole: tokens whose keys are alike become one, the mean of all that it stands for, and it counts for
 * as many (Chelsea, row 101). Slots are cut into chunks; of each chunk every other one looks among the rest for the key
 * that points most nearly where its own does, and those pairs that are most alike are joined, until few enough are left.
 * A round joins a {@code share} of what there is, so that what is alike becomes a large cluster and what is not stays alone. The
 * first and the last tokens, as the budget has them, stay as they are.
 */
final class Clusters implements KvEviction {
    static final Catalog.Entry<KvEviction> ENTRY = new Catalog.Entry<>(
            "clusters",
            "budget=512 clusters of tokens with like keys, joined within chunk=64 slots, a share=0.25 of them a round,"
                    + " that draw attention for as many; every=64 (Chelsea)",
            Clusters::new);

    private static final int MOST_CHUNK = 4096;

    private final Budget budget;
    private final int chunk;
    private final double share;

    private Clusters(Args args) {
        this.budget = Budget.of("clusters", args, 64, 4, 64);
        this.chunk = args.intOf("chunk", 64);
        this.share = args.doubleOf("share", 0.25);
        if (chunk < 2 || chunk > MOST_CHUNK || !(share > 0 && share <= 0.5)) {
            throw new IllegalArgumentException("kv eviction clusters: chunk=" + chunk + ", share=" + share
                    + ", allowed: chunk 2 to " + MOST_CHUNK + ", share more than 0, at most 0.5");
        }
    }

    @Override
    public String name() {
        return "clusters(" + budget + ",chunk=" + chunk + ",share=" + share + ")";
    }

    @Override
    public Budget budget() {
        return budget;
    }

    @Override
    public boolean gathers() {
        return true;
    }

    @Override
    public void rank(KvSlots slots, float[] importance) {
        int[] into = new int[slots.count()];
        for (int s = 0; s < into.length; s++) into[s] = s;
        gather(slots, importance, into);
    }

    /** What was joined first matters least. */
    @Override
    public void gather(KvSlots slots, float[] importance, int[] into) {
        Arrays.fill(importance, Float.MAX_VALUE);
        Joining joining = new Joining(slots, within(slots));
        int toGo = slots.count() - budget.tokens();
        int gone = 0;
        while (gone < toGo && joining.left.length > 1) {
            int most = Math.max(1, (int) (share * joining.left.length));
            gone += joining.round(Math.min(most, toGo - gone), into, importance, gone);
        }
    }

    /** Slots that are neither among the first tokens nor among the last. */
    private int[] within(KvSlots slots) {
        int[] within = new int[slots.count()];
        int count = 0;
        for (int s = 0; s < slots.count(); s++) {
            int position = slots.position(s);
            if (position >= budget.sinks() && position < slots.tokens() - budget.recent()) within[count++] = s;
        }
        return Arrays.copyOf(within, count);
    }

    /** Clusters on their way: each is known by the slot that is kept of it. */
    private final class Joining {
        private final int width;
        private final float[] keys; // [slot][width]: means
        private final float[] weights; // of slots
        private int[] left; // in order

        Joining(KvSlots slots, int[] left) {
            this.width = slots.width();
            this.keys = new float[slots.count() * width];
            this.weights = new float[slots.count()];
            this.left = left;
            for (int s : left) {
                slots.key(s, keys, s * width);
                weights[s] = slots.weight(s);
            }
        }

        /** Joins the {@code count} pairs that are most alike, or as many as there are, and says how many. */
        int round(int count, int[] into, float[] importance, int before) {
            float[] unit = directed();
            int[] nearest = new int[left.length]; // of each that looks, an index of left
            float[] cosines = new float[left.length];
            Integer[] pairs = new Integer[left.length];
            int found = 0;
            for (int from = 0; from < left.length; from += chunk) {
                int end = Math.min(left.length, from + chunk);
                for (int i = from; i < end && from + 1 < end; i += 2) {
                    look(unit, i, from + 1, end, nearest, cosines);
                    pairs[found++] = i;
                }
            }
            Arrays.sort(pairs, 0, found, (a, b) -> {
                int byCosine = Float.compare(cosines[b], cosines[a]);
                return byCosine != 0 ? byCosine : a - b;
            });
            int joined = Math.min(count, found);
            boolean[] isGone = new boolean[left.length];
            for (int p = 0; p < joined; p++) {
                int i = pairs[p];
                isGone[i] = true;
                into[left[i]] = left[nearest[i]];
                importance[left[i]] = before + p;
                join(left[i], left[nearest[i]]);
            }
            int stay = 0;
            for (int i = 0; i < left.length; i++) if (!isGone[i]) left[stay++] = left[i];
            left = Arrays.copyOf(left, stay);
            return joined;
        }

        /** Keys of what is left, as long as 1; those that have no length stay 0. */
        private float[] directed() {
            float[] unit = new float[left.length * width];
            for (int i = 0; i < left.length; i++) {
                double squares = 0;
                int key = left[i] * width;
                for (int c = 0; c < width; c++) squares += (double) keys[key + c] * keys[key + c];
                double over = squares > 0 && squares < Double.POSITIVE_INFINITY ? 1 / Math.sqrt(squares) : 0;
                for (int c = 0; c < width && over > 0; c++) unit[i * width + c] = (float) (keys[key + c] * over);
            }
            return unit;
        }

        /** Of every other one from {@code first} to {@code end} the one most alike; of equal ones the earliest. */
        private void look(float[] unit, int i, int first, int end, int[] nearest, float[] cosines) {
            cosines[i] = Float.NEGATIVE_INFINITY;
            nearest[i] = first;
            for (int j = first; j < end; j += 2) {
                float cosine = 0;
                for (int c = 0; c < width; c++) cosine += unit[i * width + c] * unit[j * width + c];
                if (!(cosine > cosines[i])) continue;
                cosines[i] = cosine;
                nearest[i] = j;
            }
        }

        private void join(int slot, int with) {
            float both = weights[slot] + weights[with];
            for (int c = 0; c < width; c++) {
                float sum = weights[slot] * keys[slot * width + c] + weights[with] * keys[with * width + c];
                keys[with * width + c] = sum / both;
            }
            weights[with] = both;
        }
    }
}
