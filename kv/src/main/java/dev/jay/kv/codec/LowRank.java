// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.codec;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.GroupFormat;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
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

    private static final int MOST_BITS = 8;
    private static final float MOST = 65504;

    /** By bits: the step of evenly spaced levels that suits a normal variable of variance 1 best, and what it leaves. */
    private static final double[] STEPS = {0, 1.596, 0.9957, 0.5860, 0.3352, 0.1881, 0.1041, 0.0569, 0.0308};

    private static final double[] LEFT = {1, 0.3634, 0.1188, 0.03744, 0.01154, 0.00349, 0.00104, 0.000304, 0.0000877};

    private static final int TRIED = 6; // scales below the one that no feature exceeds
    private static final int ONE = 64; // the code of scale 1

    private static final float[] SCALES = new float[256];

    static {
        for (int i = 0; i < SCALES.length; i++) SCALES[i] = (float) StrictMath.pow(2, (i - ONE) / 4.0);
    }

    private final int rank;
    private final int bits;
    private final int group;
    private final int print; // of the basis, or -1
    private final KvBasis basis; // null until it is told
    private final int[] bitsOf; // by direction
    private final float[] stepOf;
    private final float[] middleOf; // of the levels
    private final int used; // directions that have any bits: the first ones
    private final float[][] columns; // of these

    private LowRank(Args args) {
        this.rank = args.intOf("rank", 32);
        this.bits = args.intOf("bits", 3);
        this.group = args.intOf("group", 32);
        this.print = args.intOf("basis", -1);
        this.basis = null;
        this.bitsOf = null;
        this.stepOf = null;
        this.middleOf = null;
        this.used = 0;
        this.columns = null;
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
        this.bitsOf = new int[rank];
        this.stepOf = new float[rank];
        this.middleOf = new float[rank];
        if (bits < 16) spend();
        this.used = bits == 16
                ? rank
                : (int) IntStream.of(bitsOf).filter(some -> some > 0).count();
        this.columns = basis.columns(used);
    }

    private void spend() {
        for (int left = rank * bits; left > 0; left--) {
            int most = 0;
            for (int r = 1; r < rank; r++) if (gain(r) > gain(most)) most = r;
            if (gain(most) <= 0) break;
            bitsOf[most]++;
        }
        for (int r = 0; r < rank; r++) {
            stepOf[r] = (float) (STEPS[bitsOf[r]] * Math.sqrt(basis.variances()[r]));
            middleOf[r] = ((1 << bitsOf[r]) - 1) * 0.5f;
        }
    }

    /** What one more bit takes of a direction's error. */
    private double gain(int r) {
        int has = bitsOf[r];
        return has == MOST_BITS ? -1 : basis.variances()[r] * (LEFT[has] - LEFT[has + 1]);
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
        float[] features = new float[used];
        byte[] codes = new byte[rowBytes()];
        for (int t = 0; t < group; t++) {
            MemorySegment.copy(rows, Floats.LAYOUT, from + 4L * t * width, row, 0, width);
            for (int c = 0; c < width; c++) row[c] = Math.clamp(row[c], -MOST, MOST);
            basis.project(columns, row, features);
            long to = at + (long) t * rowBytes();
            if (bits == 16) {
                for (int r = 0; r < rank; r++) {
                    float feature = Math.clamp(features[r], -MOST, MOST);
                    page.set(Floats.SHORT, to + 2L * r, Float.floatToFloat16(feature));
                }
                continue;
            }
            code(features, codes);
            MemorySegment.copy(MemorySegment.ofArray(codes), 0, page, to, codes.length);
        }
    }

    private void code(float[] features, byte[] codes) {
        int most = IntStream.range(0, SCALES.length)
                .filter(s -> reaches(features, SCALES[s]))
                .findFirst()
                .orElse(SCALES.length - 1);
        int best = most;
        double least = Double.POSITIVE_INFINITY;
        for (int s = Math.max(0, most - TRIED); s <= most; s++) {
            double error = 0;
            for (int r = 0; r < used; r++) {
                double off = features[r] - value(r, level(r, features[r], SCALES[s]), SCALES[s]);
                error += off * off;
            }
            if (error < least) {
                least = error;
                best = s;
            }
        }
        Arrays.fill(codes, (byte) 0);
        codes[0] = (byte) best;
        int bit = 8;
        for (int r = 0; r < used; r++) {
            int code = level(r, features[r], SCALES[best]) << bit % 8;
            codes[bit / 8] |= (byte) code;
            if (bit % 8 + bitsOf[r] > 8) codes[bit / 8 + 1] |= (byte) (code >> 8);
            bit += bitsOf[r];
        }
    }

    /** Whether no feature is beyond the levels of this scale. */
    private boolean reaches(float[] features, float scale) {
        for (int r = 0; r < used; r++) {
            if (Math.abs(features[r]) > stepOf[r] * scale * (1 << bitsOf[r]) / 2) return false;
        }
        return true;
    }

    private int level(int r, float feature, float scale) {
        float step = stepOf[r] * scale;
        int levels = 1 << bitsOf[r];
        return step > 0 ? Math.clamp((int) Math.floor(feature / step) + levels / 2, 0, levels - 1) : 0;
    }

    private float value(int r, int level, float scale) {
        return (level - middleOf[r]) * stepOf[r] * scale;
    }

    @Override
    public GroupFormat format(int width) {
        return format(width, 0, width);
    }

    @Override
    public GroupFormat format(int all, int channel, int channels) {
        check(all);
        return new Some(this, groupBytes(all), all, channel, channels, basis.rows(used, channel, channels));
    }

    /**
     * Channels [channel, channel + width) of all.
     *
     * @param basis {@link KvBasis#rows} of them
     */
    private record Some(LowRank codec, int bytes, int all, int channel, int width, float[][] basis)
            implements GroupFormat {
        @Override
        public int rows() {
            return codec.group;
        }

        @Override
        public void decode(MemorySegment group, long at, MemorySegment rows, long to) {
            byte[] codes = new byte[codec.rowBytes() + 1]; // a code is read from two bytes
            float[] features = new float[codec.used];
            float[] row = new float[width];
            for (int t = 0; t < codec.group; t++) {
                long from = at + (long) t * codec.rowBytes();
                MemorySegment.copy(group, from, MemorySegment.ofArray(codes), 0, codec.rowBytes());
                codec.decode(codes, features);
                KvBasis.back(basis, features, row);
                MemorySegment.copy(row, 0, rows, Floats.LAYOUT, to + 4L * t * width, width);
            }
        }

        @Override
        public String toString() {
            return codec.name() + " " + channel + " to " + (channel + width) + " of " + all;
        }
    }

    private void decode(byte[] codes, float[] features) {
        if (bits == 16) {
            for (int r = 0; r < used; r++) {
                features[r] = Float.float16ToFloat((short) (codes[2 * r] & 0xFF | codes[2 * r + 1] << 8));
            }
            return;
        }
        float scale = SCALES[codes[0] & 0xFF];
        int bit = 8;
        for (int r = 0; r < used; r++) {
            int both = codes[bit >> 3] & 0xFF | (codes[(bit >> 3) + 1] & 0xFF) << 8;
            int level = both >> (bit & 7) & (1 << bitsOf[r]) - 1;
            features[r] = value(r, level, scale);
            bit += bitsOf[r];
        }
    }
}
