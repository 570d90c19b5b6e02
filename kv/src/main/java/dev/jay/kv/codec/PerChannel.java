// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.codec;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.ChannelLevels;
import dev.jay.tensor.format.Floats;
import java.lang.foreign.MemorySegment;

/**
 * Few bits, with a range for each channel over the tokens of a group: what suits keys, some channels of which are large in
 * every token (KIVI, row 59). {@code [channel: step, least][token: codes]}.
 */
final class PerChannel implements KvCodec {
    static final Catalog.Entry<KvCodec> ENTRY = new Catalog.Entry<>(
            "per-channel",
            "bits=2 for each value, a range for each channel over group=32 tokens (KIVI's keys)",
            PerChannel::new);

    private final int bits;
    private final int group;

    PerChannel(Args args) {
        this.bits = args.intOf("bits", 2);
        this.group = args.intOf("group", 32);
        Uniform.checkBits("per-channel", bits);
    }

    @Override
    public String name() {
        return "per-channel(bits=" + bits + ",group=" + group + ")";
    }

    @Override
    public int group() {
        return group;
    }

    @Override
    public ChannelLevels format(int width) {
        return new ChannelLevels(bits, group, width);
    }

    @Override
    public void seal(MemorySegment rows, long from, int width, MemorySegment page, long at) {
        long codes = at + (long) width * Uniform.BYTES;
        page.asSlice(codes, (long) group * width * bits / 8).fill((byte) 0);
        for (int c = 0; c < width; c++) {
            long ends = at + (long) c * Uniform.BYTES;
            Uniform.measure(rows, from + 4L * c, width, group, bits, page, ends);
            float step = Uniform.step(page, ends);
            float least = Uniform.least(page, ends);
            for (int t = 0; t < group; t++) {
                float v = rows.get(Floats.LAYOUT, from + 4L * (t * width + c));
                Uniform.put(page, codes, t * width + c, bits, Uniform.code(v, step, least, bits));
            }
        }
    }
}
