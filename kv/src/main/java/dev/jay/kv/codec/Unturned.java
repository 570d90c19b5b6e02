// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.codec;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.GroupFormat;
import dev.jay.tensor.format.RowFormat;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import java.lang.foreign.MemorySegment;

/**
 * Keys as they were before positions turned them. Turned, two channels of a pair take each other's range in the course of
 * some tokens; before it each has its own, which is what a range for each channel is good for.
 */
final class Unturned implements KvCodec {
    static final Catalog.Entry<KvCodec> ENTRY = new Catalog.Entry<>(
            "unturned",
            "keys before positions turn them, which is done when they are read: bits=4 for each value, a range for each"
                    + " channel over group=32 tokens; bits=16: as f16",
            Unturned::new);

    private static final float MOST = 65504;
    private static final WeightFormat F16 = WeightFormats.ALL.make("f16");

    private final int bits;
    private final int group;
    private final KvCodec inner; // null: f16

    private Unturned(Args args) {
        this.bits = args.intOf("bits", 4);
        this.group = args.intOf("group", 32);
        this.inner = bits == 16 ? null : KvCodecs.ALL.make("per-channel(bits=" + bits + ",group=" + group + ")");
    }

    @Override
    public String name() {
        return "unturned(bits=" + bits + ",group=" + group + ")";
    }

    @Override
    public boolean wantsUnturned() {
        return true;
    }

    @Override
    public int group() {
        return group;
    }

    @Override
    public GroupFormat format(int width) {
        return inner == null ? new RowFormat(F16, group, width) : inner.format(width);
    }

    @Override
    public void seal(MemorySegment rows, long from, int width, MemorySegment page, long at) {
        if (inner != null) {
            inner.seal(rows, from, width, page, at);
            return;
        }
        for (int i = 0; i < group * width; i++) {
            float value = Math.clamp(rows.get(Floats.LAYOUT, from + 4L * i), -MOST, MOST);
            page.set(Floats.SHORT, at + 2L * i, Float.floatToFloat16(value));
        }
    }
}
