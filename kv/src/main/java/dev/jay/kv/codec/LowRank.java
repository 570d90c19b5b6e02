// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.codec;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.FeatureLevels;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.GroupFormat;
import dev.jay.tensor.format.RowFormat;
import dev.jay.tensor.format.WeightFormats;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What is left of a layer's keys before positions turn them, or of its values, of all heads together, along the few
 * directions in which they vary (CSKV, row 32). {@code [token: scale:u8][codes, direction after direction]}; with bits=16
 * {@code [token: features f16]}. A token takes {@code 1 + ceil(rank * bits / 8)} bytes, or {@code 2 * rank}.
 *
 * <p>CSKV's pair of factors that is tuned to give back keys and values has its optimum in their principal directions, which
 * is what is measured here; so nothing is trained. Bits go where they take most of the error away, each direction having
 * as many levels as its variance deserves; where it deserves none it is dropped. Steps are those that suit normal values
 * best (Max 1960), times the token's scale, which is the one of a few that leaves least error.
 */
final class LowRank implements KvCodec {
    static final Catalog.Entry<KvCodec> ENTRY = new Catalog.Entry<>(
            "low-rank",
            "all heads of a layer together, along the rank=32 directions in which they vary most, bits=3 each in the"
                    + " mean (16: as f16), sealed in groups of group=32 tokens; keys before positions turn them; 'jay"
                    + " calibrate' finds the directions (CSKV)",
            LowRank::new);

    private static final int MOST_BITS = FeatureLevels.MOST_BITS;
    private static final float MOST = 65504;
    private static final int TOGETHER = 32; // directions: what products and attention take at once

    /** By bits: the step of evenly spaced levels that suits a normal variable of variance 1 best, and what it leaves. */
    private static final double[] STEPS = {0, 1.596, 0.9957, 0.5860, 0.3352, 0.1881, 0.1041, 0.0569, 0.0308};

    private static final double[] LEFT = {1, 0.3634, 0.1188, 0.03744, 0.01154, 0.00349, 0.00104, 0.000304, 0.0000877};

    private static final int MOST_LEVELS = 1 << MOST_BITS - 1; // on either side
    private static final int TRIED = 6; // scales below the best one yet

    private final int rank;
    private final int bits;
    private final int group;
    private final int print; // of the basis, or -1
    private final KvBasis basis; // null until it is told
    private final float[][] columns; // of the directions that have any bits, which are the first ones
    private final GroupFormat features;
    private final float[] perStep; // of each such direction: one over its step
    private final float[] steps;
    private final float[] tops; // half of its levels

    private LowRank(Args args) {
        this.rank = args.intOf("rank", 32);
        this.bits = args.intOf("bits", 3);
        this.group = args.intOf("group", 32);
        this.print = args.intOf("basis", -1);
        this.basis = null;
        this.columns = null;
        this.features = null;
        this.perStep = null;
        this.steps = null;
        this.tops = null;
        boolean isHalf = bits == 16;
        if (rank < 1 || rank > 4096 || !(isHalf || (bits >= 1 && bits <= MOST_BITS))) {
            throw new IllegalArgumentException("low-rank: rank=" + rank + ", bits=" + bits
                    + ", allowed: rank 1 to 4096, bits 1 to " + MOST_BITS + ", or 16");
        }
    }

    private LowRank(LowRank other, KvBasis basis) {
        this.rank = other.rank;
        this.bits = other.bits;
        this.group = other.group;
        this.print = basis.print();
        this.basis = basis;
        int[] bitsOf = bits == 16 ? new int[0] : spend();
        int used = bits == 16
                ? rank
                : (int) Math.max(
                        1, IntStream.of(bitsOf).filter(some -> some > 0).count());
        this.columns = basis.columns(used);
        this.perStep = new float[used];
        this.steps = new float[used];
        this.tops = new float[used];
        this.features = bits == 16 ? new RowFormat(WeightFormats.ALL.make("f16"), group, rank) : levels(bitsOf);
    }

    /** Bits of each direction, as many in all as are to be had. */
    private int[] spend() {
        int[] bitsOf = new int[rank];
        for (int left = rank * bits; left > 0; left--) {
            int most = 0;
            for (int r = 1; r < rank; r++) if (gain(r, bitsOf[r]) > gain(most, bitsOf[most])) most = r;
            if (gain(most, bitsOf[most]) <= 0) break;
            bitsOf[most]++;
        }
        return bitsOf;
    }

    /** What one more bit takes of a direction's error. */
    private double gain(int r, int has) {
        return has == MOST_BITS ? -1 : basis.variances()[r] * (LEFT[has] - LEFT[has + 1]);
    }

    private FeatureLevels levels(int[] bitsOf) {
        List<Integer> all = new ArrayList<>();
        List<Float> allSteps = new ArrayList<>();
        for (int r = 0; r < Math.ceilDiv(tops.length, TOGETHER) * TOGETHER; r++) {
            int its = r < tops.length ? bitsOf[r] : 0;
            float step = its == 0 ? 0 : (float) (STEPS[its] * Math.sqrt(basis.variances()[r]));
            all.add(its);
            allSteps.add(step);
            if (its == 0) continue;
            perStep[r] = 1 / step;
            steps[r] = step;
            tops[r] = (1 << its) * 0.5f;
        }
        return new FeatureLevels(group, rowBytes(), all, allSteps);
    }

    @Override
    public String name() {
        return "low-rank(rank=" + rank + ",bits=" + bits + ",group=" + group + (print < 0 ? "" : ",basis=" + print)
                + ")";
    }

    @Override
    public boolean wantsUnturned() {
        return true;
    }

    @Override
    public boolean joinsHeads() {
        return true;
    }

    @Override
    public boolean wantsBasis() {
        return true;
    }

    @Override
    public KvCodec along(KvBasis measured) {
        if (print >= 0 && print != measured.print()) {
            throw new IllegalArgumentException("low-rank: basis=" + print
                    + " was asked for, what was measured of the model is another: " + measured.print());
        }
        if (rank > measured.rank()) {
            throw new IllegalArgumentException(
                    "low-rank: rank=" + rank + ", measured were " + measured.rank() + " directions");
        }
        return new LowRank(this, measured);
    }

    @Override
    public int group() {
        return group;
    }

    private int rowBytes() {
        return bits == 16 ? 2 * rank : 1 + Math.ceilDiv(rank * bits, 8);
    }

    @Override
    public int groupBytes(int width) {
        if (rank > width) throw new IllegalArgumentException("rank=" + rank + " is more than all heads have: " + width);
        return group * rowBytes();
    }

    private void check(int width) {
        if (basis == null) throw new IllegalStateException("low-rank: nobody told in which directions rows lie");
        if (basis.width() != width) {
            throw new IllegalArgumentException(
                    "low-rank: rows of width=" + width + ", what was measured is of " + basis.width());
        }
    }

    @Override
    public void seal(MemorySegment rows, long from, int width, MemorySegment page, long at) {
        check(width);
        float[] row = new float[width];
        float[] along = new float[tops.length];
        float[] apart = new float[tops.length];
        byte[] codes = new byte[rowBytes()];
        for (int t = 0; t < group; t++) {
            MemorySegment.copy(rows, Floats.LAYOUT, from + 4L * t * width, row, 0, width);
            for (int c = 0; c < width; c++) row[c] = Math.clamp(row[c], -MOST, MOST);
            basis.project(columns, row, along);
            long to = at + (long) t * rowBytes();
            if (features instanceof FeatureLevels levels) {
                code(levels, along, apart, codes);
                MemorySegment.copy(codes, 0, page, ValueLayout.JAVA_BYTE, to, codes.length);
                continue;
            }
            for (int r = 0; r < rank; r++) {
                page.set(Floats.SHORT, to + 2L * r, Float.floatToFloat16(Math.clamp(along[r], -MOST, MOST)));
            }
        }
    }

    /** @param apart of as many values as there are features: working space */
    private void code(FeatureLevels levels, float[] features, float[] apart, byte[] codes) {
        for (int r = 0; r < features.length; r++) features[r] *= perStep[r];
        int best = best(features, apart);
        float perScale = 1 / FeatureLevels.scale(best);
        Arrays.fill(codes, (byte) 0);
        codes[0] = (byte) best;
        int bit = 8;
        for (int r = 0; r < features.length; r++) {
            int its = levels.bits().get(r);
            if (its == 0) continue;
            int level = level(features[r] * perScale, tops[r]) + (1 << its) / 2;
            int code = (level & (1 << its) - 1) << bit % 8; // of what is no number: some code
            codes[bit / 8] |= (byte) code;
            if (bit % 8 + its > 8) codes[bit / 8 + 1] |= (byte) (code >> 8);
            bit += its;
        }
    }

    /** The scale that leaves least error: from the one that no feature exceeds down, until some in turn have left more. */
    private int best(float[] features, float[] apart) {
        int most = reaching(features);
        int best = most;
        float least = Float.POSITIVE_INFINITY;
        for (int s = most; s >= 0 && s >= best - TRIED; s--) {
            float scale = FeatureLevels.scale(s);
            float error = error(features, 1 / scale, apart) * scale * scale;
            if (error < least) {
                least = error;
                best = s;
            }
        }
        return best;
    }

    /** The least scale whose levels no feature is beyond; features are counted in steps. */
    private int reaching(float[] features) {
        float most = 0;
        for (int r = 0; r < features.length; r++) {
            float share = Math.abs(features[r]) / tops[r];
            if (share > most) most = share; // never of what is no number
        }
        int s = 0;
        while (s < 255 && FeatureLevels.scale(s) < most) s++;
        return s;
    }

    /** Of levels halfway between whole numbers: the one below. */
    private static int level(float x, float top) {
        return (int) (Math.max(-top, Math.min(top - 0.5f, x)) + MOST_LEVELS) - MOST_LEVELS;
    }

    /** What levels leave, in steps of the scale. Two loops: the first becomes vector code. */
    private float error(float[] features, float perScale, float[] apart) {
        for (int r = 0; r < apart.length; r++) {
            float x = features[r] * perScale;
            float off = (x - level(x, tops[r]) - 0.5f) * steps[r];
            apart[r] = off * off;
        }
        float sum = 0;
        for (float a : apart) sum += a;
        return sum;
    }

    @Override
    public KvFeatures features(int width) {
        check(width);
        return new KvFeatures(features, basis);
    }

    @Override
    public GroupFormat format(int width) {
        return format(width, 0, width);
    }

    @Override
    public GroupFormat format(int all, int channel, int channels) {
        check(all);
        return new Some(features, all, channel, channels, basis.rows(tops.length, channel, channels));
    }

    /**
     * Channels [channel, channel + width) of all.
     *
     * @param basis {@link KvBasis#rows} of them
     */
    private record Some(GroupFormat features, int all, int channel, int width, float[][] basis) implements GroupFormat {
        @Override
        public int rows() {
            return features.rows();
        }

        @Override
        public int bytes() {
            return features.bytes();
        }

        @Override
        public void decode(MemorySegment group, long at, MemorySegment rows, long to) {
            float[] all = new float[rows() * features.width()];
            features.decode(group, at, MemorySegment.ofArray(all), 0);
            float[] row = new float[width];
            for (int t = 0; t < rows(); t++) {
                int from = t * features.width();
                KvBasis.back(basis, Arrays.copyOfRange(all, from, from + basis.length - 1), row);
                MemorySegment.copy(row, 0, rows, Floats.LAYOUT, to + 4L * t * width, width);
            }
        }

        @Override
        public String toString() {
            return features + " " + channel + " to " + (channel + width) + " of " + all;
        }
    }
}
