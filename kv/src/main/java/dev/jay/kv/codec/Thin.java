// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.codec;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.KeptChannels;
import dev.jay.tensor.format.RowFormat;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Only the channels that vary most over the tokens of a group; of each other one its mean, which is the same for all of
 * them (after ThinK, row 56). {@code [kept: a bit a channel][means of the others: f16][the kept ones]}, these as f16 or
 * channel by channel in few bits.
 *
 * <p>Unlike the paper's, channels are chosen for every group of a head and not once where the prompt ends, so coded bytes
 * follow from the tokens alone however a prompt came; by the keys and not by the queries too, which nobody has when a
 * group is sealed; and what is dropped is taken for its mean and not for 0, so a channel that is large in every token
 * costs nothing to drop.
 */
final class Thin implements KvCodec {
    static final Catalog.Entry<KvCodec> ENTRY = new Catalog.Entry<>(
            "thin",
            "without drop=40 percent of the channels, those that vary least over group=32 tokens; the others in bits=16"
                    + " or fewer (ThinK's keys)",
            Thin::new);

    private static final float MOST = 65504;
    private static final WeightFormat F16 = WeightFormats.ALL.make("f16");

    private final double drop; // percent
    private final int bits;
    private final int group;
    private final KvCodec inner; // null: f16

    private Thin(Args args) {
        this.drop = args.doubleOf("drop", 40);
        this.bits = args.intOf("bits", 16);
        this.group = args.intOf("group", 32);
        if (!(drop >= 0 && drop <= 90)) {
            throw new IllegalArgumentException("thin: drop=" + drop + " percent, allowed: 0 to 90");
        }
        this.inner = bits == 16 ? null : KvCodecs.ALL.make("per-channel(bits=" + bits + ",group=" + group + ")");
    }

    @Override
    public String name() {
        return "thin(drop=" + drop + ",bits=" + bits + ",group=" + group + ")";
    }

    @Override
    public int group() {
        return group;
    }

    /** Whole bytes of codes a token. */
    private int kept(int width) {
        int least = (int) Math.ceil(width * (100 - drop) / 100);
        int step = Math.max(1, 8 / bits);
        return Math.min(width, Math.ceilDiv(least, step) * step);
    }

    @Override
    public KeptChannels format(int width) {
        int kept = kept(width);
        return new KeptChannels(inner == null ? new RowFormat(F16, group, kept) : inner.format(kept), width);
    }

    @Override
    public void seal(MemorySegment rows, long from, int width, MemorySegment page, long at) {
        float[] x = new float[group * width];
        MemorySegment.copy(rows, Floats.LAYOUT, from, x, 0, x.length);
        double[] means = new double[width];
        for (int i = 0; i < x.length; i++) means[i % width] += (double) x[i] / group;
        boolean[] isKept = mostVaried(x, means, kept(width));
        KeptChannels format = format(width);
        page.asSlice(at, format.maskBytes()).fill((byte) 0);
        long mean = at + format.maskBytes();
        float[] rest = new float[group * kept(width)];
        int k = 0;
        for (int c = 0; c < width; c++) {
            if (!isKept[c]) {
                page.set(Floats.SHORT, mean, half((float) means[c]));
                mean += 2;
                continue;
            }
            Uniform.put(page, at, c, 1, 1);
            for (int t = 0; t < group; t++) rest[t * kept(width) + k] = x[t * width + c];
            k++;
        }
        if (inner != null) {
            inner.seal(MemorySegment.ofArray(rest), 0, kept(width), page, mean);
            return;
        }
        for (int i = 0; i < rest.length; i++) page.set(Floats.SHORT, mean + 2L * i, half(rest[i]));
    }

    private static short half(float value) {
        return Float.floatToFloat16(Math.clamp(value, -MOST, MOST));
    }

    /** Of channels that vary alike the first. */
    private static boolean[] mostVaried(float[] x, double[] means, int count) {
        int width = means.length;
        double[] varied = new double[width];
        for (int i = 0; i < x.length; i++) {
            double off = x[i] - means[i % width];
            varied[i % width] += off * off;
        }
        Integer[] order = new Integer[width];
        for (int c = 0; c < width; c++) order[c] = c;
        Arrays.sort(order, (a, b) -> Double.compare(varied[b], varied[a])); // stable
        boolean[] isKept = new boolean[width];
        for (int i = 0; i < count; i++) isKept[order[i]] = true;
        return isKept;
    }
}
