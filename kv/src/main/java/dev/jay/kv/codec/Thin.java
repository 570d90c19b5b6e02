// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.codec;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.Floats;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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

    private static int maskBytes(int width) {
        return Math.ceilDiv(width, 8);
    }

    @Override
    public int groupBytes(int width) {
        int kept = kept(width);
        int codes = inner == null ? 2 * group * kept : inner.groupBytes(kept);
        return maskBytes(width) + 2 * (width - kept) + codes;
    }

    @Override
    public void seal(MemorySegment rows, long from, int width, MemorySegment page, long at) {
        float[] x = new float[group * width];
        MemorySegment.copy(rows, Floats.LAYOUT, from, x, 0, x.length);
        double[] means = new double[width];
        for (int i = 0; i < x.length; i++) means[i % width] += (double) x[i] / group;
        boolean[] isKept = mostVaried(x, means, kept(width));
        page.asSlice(at, maskBytes(width)).fill((byte) 0);
        long mean = at + maskBytes(width);
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

    @Override
    public void unseal(MemorySegment page, long at, int width, MemorySegment rows, long to) {
        int kept = kept(width);
        long mean = at + maskBytes(width);
        long codes = mean + 2L * (width - kept);
        float[] rest = new float[group * kept];
        if (inner != null) inner.unseal(page, codes, kept, MemorySegment.ofArray(rest), 0);
        else for (int i = 0; i < rest.length; i++) rest[i] = value(page, codes + 2L * i);
        int k = 0;
        for (int c = 0; c < width; c++) {
            boolean isKept = (page.get(ValueLayout.JAVA_BYTE, at + c / 8) >> c % 8 & 1) == 1;
            float same = isKept ? 0 : value(page, mean);
            for (int t = 0; t < group; t++) {
                rows.set(Floats.LAYOUT, to + 4L * (t * width + c), isKept ? rest[t * kept + k] : same);
            }
            if (isKept) k++;
            else mean += 2;
        }
    }

    private static float value(MemorySegment page, long at) {
        return Float.float16ToFloat(page.get(Floats.SHORT, at));
    }
}
