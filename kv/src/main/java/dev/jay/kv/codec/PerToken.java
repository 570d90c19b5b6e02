// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.codec;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.SpanLevels;
import java.lang.foreign.MemorySegment;

/**
 * Few bits, with a range for each span of channels of one token: what suits values, whose channels are alike (KIVI, row
 * 59). {@code [token: [span: step, least], codes]}. The tokens of a group are sealed together though each is by itself, so
 * that the last ones are seen as they are.
 */
final class PerToken implements KvCodec {
    static final Catalog.Entry<KvCodec> ENTRY = new Catalog.Entry<>(
            "per-token",
            "bits=2 for each value, a range for each span=32 channels of a token (KIVI's values)",
            PerToken::new);

    static final int GROUP = 32;

    private final int bits;
    private final int span;

    PerToken(Args args) {
        this.bits = args.intOf("bits", 2);
        this.span = args.intOf("span", 32);
        Uniform.checkBits("per-token", bits);
        if (span < 1 || span * bits % 8 != 0) {
            throw new IllegalArgumentException(
                    "per-token: span=" + span + ", allowed: at least 1, and span * bits a multiple of 8");
        }
    }

    @Override
    public String name() {
        return "per-token(bits=" + bits + ",span=" + span + ")";
    }

    @Override
    public int group() {
        return GROUP;
    }

    @Override
    public SpanLevels format(int width) {
        return new SpanLevels(bits, GROUP, width, span);
    }

    @Override
    public void seal(MemorySegment rows, long from, int width, MemorySegment page, long at) {
        SpanLevels format = format(width);
        page.asSlice(at, format.bytes()).fill((byte) 0);
        for (int t = 0; t < GROUP; t++) {
            long row = at + (long) t * format.rowBytes();
            long codes = row + format.rangeBytes();
            for (int s = 0; s < width; s += span) {
                long ends = row + (long) s / span * Uniform.BYTES;
                Uniform.measure(rows, from + 4L * (t * width + s), 1, span, bits, page, ends);
                float step = Uniform.step(page, ends);
                float least = Uniform.least(page, ends);
                for (int c = s; c < s + span; c++) {
                    float v = rows.get(Floats.LAYOUT, from + 4L * (t * width + c));
                    Uniform.put(page, codes, c, bits, Uniform.code(v, step, least, bits));
                }
            }
        }
    }
}
