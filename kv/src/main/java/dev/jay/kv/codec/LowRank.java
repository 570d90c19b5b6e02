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

    private LowRank(Args args) {
        this.rank = args.intOf("rank", 32);
        this.bits = args.intOf("bits", 3);
        this.group = args.intOf("group", 32);
        this.print = args.intOf("basis", -1);
        this.basis = null;
        this.bitsOf = null;
        this.stepOf = null;
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
        if (bits == 16) return;
        for (int left = rank * bits; left > 0; left--) {
            int most = 0;
            for (int r = 1; r < rank; r++) if (gain(r) > gain(most)) most = r;
            if (gain(most) <= 0) break;
            bitsOf[most]++;
        }
        for (int r = 0; r < rank; r++) stepOf[r] = (float) (STEPS[bitsOf[r]] * Math.sqrt(basis.variances()[r]));
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
        float[] features = new float[rank];
        byte[] codes = new byte[rowBytes()];
        for (int t = 0; t < group; t++) {
            MemorySegment.copy(rows, Floats.LAYOUT, from + 4L * t * width, row, 0, width);
            for (int c = 0; c < width; c++) row[c] = Math.clamp(row[c], -MOST, MOST);
            basis.project(row, features);
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
            for (int r = 0; r < rank; r++) {
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
        for (int r = 0; r < rank; r++) {
            if (bitsOf[r] == 0) continue;
            int code = level(r, features[r], SCALES[best]) << bit % 8;
            codes[bit / 8] |= (byte) code;
            if (bit % 8 + bitsOf[r] > 8) codes[bit / 8 + 1] |= (byte) (code >> 8);
            bit += bitsOf[r];
        }
    }

    /** Whether no feature is beyond the levels of this scale. */
    private boolean reaches(float[] features, float scale) {
        for (int r = 0; r < rank; r++) {
            if (bitsOf[r] > 0 && Math.abs(features[r]) > stepOf[r] * scale * (1 << bitsOf[r]) / 2) return false;
        }
        return true;
    }

    private int level(int r, float feature, float scale) {
        float step = stepOf[r] * scale;
        int levels = 1 << bitsOf[r];
        return step > 0 ? Math.clamp((int) Math.floor(feature / step) + levels / 2, 0, levels - 1) : 0;
    }

    private float value(int r, int level, float scale) {
        int levels = 1 << bitsOf[r];
        return (level - (levels - 1) * 0.5f) * stepOf[r] * scale;
    }

    @Override
    public GroupFormat format(int width) {
        return format(width, 0, width);
    }

    @Override
    public GroupFormat format(int all, int channel, int channels) {
        return new Some(this, groupBytes(all), all, channel, channels);
    }

    /** Channels [channel, channel + width) of all. */
    private record Some(LowRank codec, int bytes, int all, int channel, int width) implements GroupFormat {
        @Override
        public int rows() {
            return codec.group;
        }

        @Override
        public void decode(MemorySegment group, long at, MemorySegment rows, long to) {
            codec.decode(group, at, all, channel, width, rows, to);
        }

        @Override
        public String toString() {
            return codec.name() + " " + channel + " to " + (channel + width) + " of " + all;
        }
    }

    private void decode(
            MemorySegment page, long at, int width, int channel, int channels, MemorySegment rows, long to) {
        check(width);
        byte[] codes = new byte[rowBytes() + 1]; // a code is read from two bytes
        float[] features = new float[rank];
        float[] part = new float[channels];
        for (int t = 0; t < group; t++) {
            long from = at + (long) t * rowBytes();
            if (bits == 16) {
                for (int r = 0; r < rank; r++) {
                    features[r] = Float.float16ToFloat(page.get(Floats.SHORT, from + 2L * r));
                }
            } else {
                MemorySegment.copy(page, from, MemorySegment.ofArray(codes), 0, rowBytes());
                decode(codes, features);
            }
            basis.back(features, channel, part);
            MemorySegment.copy(part, 0, rows, Floats.LAYOUT, to + 4L * t * channels, channels);
        }
    }

    private void decode(byte[] codes, float[] features) {
        float scale = SCALES[codes[0] & 0xFF];
        int bit = 8;
        for (int r = 0; r < rank; r++) {
            int both = codes[bit / 8] & 0xFF;
            if (bit % 8 + bitsOf[r] > 8) both |= (codes[bit / 8 + 1] & 0xFF) << 8;
            int level = both >> bit % 8 & (1 << bitsOf[r]) - 1;
            features[r] = value(r, level, scale);
            bit += bitsOf[r];
        }
    }
}
