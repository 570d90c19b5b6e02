// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A valid file, broken at random: it is read or refused, quickly, and never anything else. */
class GgufMutationTest {
    private static final long SEED = 20261121;
    private static final int CASES = 2000;
    private static final long[] NASTY = {
        0,
        1,
        -1,
        0x7F,
        0xFF,
        0x7FFF_FFFFL,
        0x8000_0000L,
        0xFFFF_FFFFL,
        1L << 40,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        1L << 61
    };

    private static byte[] valid() {
        return GgufBytes.header(3, 6)
                .pair("general.architecture", GgufType.STRING)
                .text("llama")
                .pair("general.alignment", GgufType.U32)
                .i32(32)
                .array("words", GgufType.STRING, 3)
                .text("a")
                .text("bc")
                .text("")
                .array("nested", GgufType.ARRAY, 1)
                .i32(GgufType.U8.number())
                .i64(2)
                .i16(0x0101)
                .array("reals", GgufType.F64, 2)
                .i64(0)
                .i64(1)
                .pair("flag", GgufType.BOOL)
                .i8(1)
                .tensor("a.weight", 8, 0, 32, 3)
                .tensor("b.weight", 0, 128, 4, 2, 2)
                .tensor("c", 39, 192, 64)
                .pad(32)
                .zeros(128 + 64 + 34)
                .bytes();
    }

    private static byte[] broken(byte[] bytes, Random random) {
        byte[] b = bytes.clone();
        int changes = 1 + random.nextInt(3);
        for (int i = 0; i < changes; i++) {
            switch (random.nextInt(4)) {
                case 0 -> b[random.nextInt(b.length)] ^= (byte) (1 << random.nextInt(8));
                case 1 -> b[random.nextInt(b.length)] = (byte) random.nextInt();
                case 2 -> GgufBytes.view(b).putLong(random.nextInt(b.length - 7), NASTY[random.nextInt(NASTY.length)]);
                default -> {
                    ByteBuffer view = GgufBytes.view(b);
                    view.putInt(random.nextInt(b.length - 3), (int) NASTY[random.nextInt(NASTY.length)]);
                }
            }
        }
        return random.nextInt(4) == 0 ? Arrays.copyOf(b, 8 + random.nextInt(b.length - 8)) : b;
    }

    @Test
    void shouldReadOrRefuseAFileBrokenAtRandom() {
        byte[] valid = valid();
        assertThat(Gguf.of(MemorySegment.ofArray(valid), Path.of("valid.gguf")).entries())
                .hasSize(3);
        Random random = new Random(SEED);
        int refused = 0;
        for (int i = 0; i < CASES; i++) {
            byte[] bytes = broken(valid, random);
            try {
                GgufFuzzTest.readAll(Gguf.of(MemorySegment.ofArray(bytes), Path.of("broken.gguf")));
            } catch (MalformedModelException e) {
                assertThat(e.getMessage()).hasLineCount(1);
                refused++;
            } catch (RuntimeException | OutOfMemoryError | StackOverflowError e) {
                throw new AssertionError("case " + i + " of seed " + SEED + " is neither read nor refused", e);
            }
        }
        assertThat(refused).isBetween(CASES / 2, CASES - 1); // both happen
    }

    @Test
    void shouldRefuseEveryTruncation() {
        byte[] valid = valid();
        for (int length = 0; length < valid.length; length++) {
            byte[] cut = Arrays.copyOf(valid, length);
            MalformedModelException refusal = null;
            try {
                Gguf.of(MemorySegment.ofArray(cut), Path.of("cut.gguf"));
            } catch (MalformedModelException e) {
                refusal = e;
            }
            assertThat(refusal).as("length %d of %d", length, valid.length).isNotNull();
        }
    }
}
