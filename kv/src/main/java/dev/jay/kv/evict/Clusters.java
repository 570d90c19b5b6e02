// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;
import java.util.Arrays;

/**
 * Forgets nothing as a whole: tokens whose keys are alike become one, the mean of all that it stands for, and it counts for
 * as many (Chelsea, row 101). Slots are cut into chunks; of each chunk every other one looks among the rest for the key
 * that is nearest to its own, and those pairs that are nearest are joined, until few enough are left. Distances and not the
 * paper's cosines: what all keys of a head have in common changes no weight, but makes their cosines alike.
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

        /** Joins the {@code count} pairs that are nearest, or as many as there are, and says how many. */
        int round(int count, int[] into, float[] importance, int before) {
            int[] nearest = new int[left.length]; // of each that looks, an index of left
            float[] apart = new float[left.length];
            Integer[] pairs = new Integer[left.length];
            int found = 0;
            for (int from = 0; from + 1 < left.length; from += chunk) {
                int end = Math.min(left.length, from + chunk);
                if (end - from < 2) break;
                look(from, end, nearest, apart);
                for (int i = from; i < end; i += 2) pairs[found++] = i;
            }
            Arrays.sort(pairs, 0, found, (a, b) -> {
                int byDistance = Float.compare(apart[a], apart[b]);
                return byDistance != 0 ? byDistance : a - b;
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

        /** Of every other one of [from, end) which of the rest is nearest, the earliest of equal ones, and the square of how far. */
        private void look(int from, int end, int[] nearest, float[] apart) {
            int others = (end - from) / 2;
            float[] columns = new float[width * others]; // [channel][other]
            for (int j = 0; j < others; j++) {
                int key = left[from + 1 + 2 * j] * width;
                for (int c = 0; c < width; c++) columns[c * others + j] = keys[key + c];
            }
            float[] squares = new float[others];
            for (int i = from; i < end; i += 2) {
                int key = left[i] * width;
                Arrays.fill(squares, 0);
                for (int c = 0; c < width; c++) add(keys[key + c], columns, c * others, squares);
                apart[i] = Float.POSITIVE_INFINITY;
                nearest[i] = from + 1;
                for (int j = 0; j < others; j++) {
                    if (!(squares[j] < apart[i])) continue;
                    apart[i] = squares[j];
                    nearest[i] = from + 1 + 2 * j;
                }
            }
        }

        private static void add(float key, float[] columns, int at, float[] squares) {
            for (int j = 0; j < squares.length; j++) {
                float d = key - columns[at + j];
                squares[j] += d * d;
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
