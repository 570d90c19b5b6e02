// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.tensor.format.Floats;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The reader on bytes made by hand. */
class GgufTest {
    private static final Path NAME = Path.of("made-up.gguf");

    private static Gguf read(GgufBytes bytes) {
        return Gguf.of(MemorySegment.ofArray(bytes.bytes()), NAME);
    }

    private static void assertRefused(GgufBytes bytes, String... wanted) {
        assertThatThrownBy(() -> read(bytes))
                .isInstanceOf(MalformedModelException.class)
                .hasMessageStartingWith("made-up.gguf at byte ")
                .hasMessageContainingAll(wanted)
                .message()
                .hasLineCount(1);
    }

    private static GgufBytes oneTensor(int type, long offset, long... dims) {
        return GgufBytes.header(1, 0).tensor("w", type, offset, dims).pad(32).zeros(128);
    }

    @Test
    void shouldReadValuesOfEveryKind() {
        Metadata m = read(GgufBytes.header(0, 8)
                        .pair("u64", GgufType.U64)
                        .i64(-1)
                        .pair("small", GgufType.U64)
                        .i64(7)
                        .array("shorts", GgufType.I16, 2)
                        .i16(-1)
                        .i16(5)
                        .array("unsigned", GgufType.U32, 2)
                        .i32(-1)
                        .i32(1)
                        .array("reals", GgufType.F32, 1)
                        .f32(1.5f)
                        .array("flags", GgufType.BOOL, 2)
                        .i8(1)
                        .i8(0)
                        .array("large", GgufType.U64, 2)
                        .i64(-1)
                        .i64(3)
                        .array("none", GgufType.STRING, 0))
                .metadata();
        BigInteger largest = BigInteger.TWO.pow(64).subtract(BigInteger.ONE);
        assertThat(m.values().get("u64")).isEqualTo(largest);
        assertThat(m.integer("small")).isEqualTo(7);
        assertThat(m.integers("shorts")).containsExactly(-1, 5);
        assertThat(m.values().get("unsigned")).isEqualTo(new long[] {0xFFFF_FFFFL, 1});
        assertThatThrownBy(() -> m.integers("unsigned")).hasMessageContaining("value=4294967295");
        assertThat(m.reals("reals")).containsExactly(1.5f);
        assertThat(m.list("flags")).isEqualTo(List.of(true, false));
        assertThat(m.list("large")).isEqualTo(List.of(largest, 3L));
        assertThat(m.strings("none")).isEmpty();
        assertThat(m.values().keySet()).startsWith("u64", "small").endsWith("none");
    }

    @Test
    void shouldReadNestedArraysAndStrings() {
        Metadata m = read(GgufBytes.header(0, 2)
                        .array("nested", GgufType.ARRAY, 2)
                        .i32(GgufType.I32.number())
                        .i64(1)
                        .i32(42)
                        .i32(GgufType.STRING.number())
                        .i64(1)
                        .text("ż")
                        .array("words", GgufType.STRING, 3)
                        .text("a")
                        .text("")
                        .text("▁b\n"))
                .metadata();
        assertThat(m.list("nested").get(0)).isEqualTo(new int[] {42});
        assertThat(m.list("nested").get(1)).isEqualTo(List.of("ż"));
        assertThat(m.strings("words")).containsExactly("a", "", "▁b\n");
        assertThatThrownBy(() -> m.strings("nested")).hasMessageContaining("wrong type under 'nested'");
    }

    @Test
    void shouldFindTensorsWhereTheyLie() {
        Gguf gguf = read(GgufBytes.header(2, 1)
                .pair("general.alignment", GgufType.U32)
                .i32(64)
                .tensor("b", 0, 64, 2)
                .tensor("a", 20, 0, 32, 2)
                .pad(64)
                .zeros(64)
                .f32(1)
                .f32(2));
        assertThat(gguf.entries()).extracting(WeightSource.Entry::name).containsExactly("b", "a");
        assertThat(Floats.get(gguf.find("b").bytes(), 1)).isEqualTo(2);
        assertThat(gguf.find("a").dims()).containsExactly(32L, 2L);
        assertThat(gguf.find("a").typeName()).isEqualTo("IQ4_NL");
        assertThat(gguf.find("a").bytes().byteSize()).isEqualTo(36);
        assertThat(gguf.find("c")).isNull();
    }

    @Test
    void shouldRejectWhenTheHeaderIsWrong() {
        assertRefused(new GgufBytes().i32(0x12345678).zeros(20), "not a GGUF file");
        assertRefused(new GgufBytes().i32(GgufPart.MAGIC).i32(0x03000000).zeros(20), "big-endian");
        assertRefused(new GgufBytes().i32(GgufPart.MAGIC).i32(4).zeros(20), "version=4, supported=[2, 3]");
        assertRefused(GgufBytes.header(-1, 0), "number of tensors", "count=18446744073709551615");
        assertRefused(GgufBytes.header(0, 1L << 40), "metadata pairs", "most=0");
    }

    @Test
    void shouldRejectWhenMetadataIsWrong() {
        assertRefused(GgufBytes.header(0, 1).i64(1L << 62).zeros(32), "metadata key is too long");
        assertRefused(GgufBytes.header(0, 1).text("").zeros(32), "metadata key is empty");
        assertRefused(GgufBytes.header(0, 1).text("k").i32(13).zeros(32), "unknown value type: type=13");
        assertRefused(GgufBytes.header(0, 1).pair("k", GgufType.STRING).i64(-1).zeros(9), "'k'", "is too long");
        assertRefused(GgufBytes.header(0, 1).array("k", GgufType.F64, 1L << 61).zeros(64), "'k'", "most=8");
        assertRefused(
                GgufBytes.header(0, 1).array("k", GgufType.STRING, 3).i64(33).zeros(32), "is longer than the file");
        assertRefused(GgufBytes.header(0, 1).pair("k", GgufType.BOOL).i8(2), "neither 0 nor 1");
        assertRefused(
                GgufBytes.header(0, 2)
                        .pair("k", GgufType.U8)
                        .i8(1)
                        .pair("k", GgufType.U8)
                        .i8(1),
                "metadata key comes twice: key='k'");
        for (int alignment : new int[] {0, 3, 48}) {
            assertRefused(
                    GgufBytes.header(0, 1)
                            .pair("general.alignment", GgufType.U32)
                            .i32(alignment),
                    "power of two: value=" + alignment);
        }
    }

    @Test
    void shouldRejectWhenArraysAreNestedTooDeep() {
        GgufBytes bytes = GgufBytes.header(0, 1).array("k", GgufType.ARRAY, 1);
        for (int i = 0; i < 100_000; i++) bytes.i32(GgufType.ARRAY.number()).i64(1);
        assertRefused(bytes, "arrays in arrays too deep");
    }

    @Test
    void shouldRejectWhenATensorIsWrong() {
        assertRefused(oneTensor(0, 0), "wrong number of dimensions: count=0");
        assertRefused(oneTensor(0, 0, 1, 1, 1, 1, 1), "wrong number of dimensions: count=5");
        assertRefused(oneTensor(0, 0, 4, 0), "not positive: value=0");
        assertRefused(oneTensor(0, 0, 1L << 32, 1L << 32), "more weights than can be counted");
        assertRefused(oneTensor(0, 0, 1L << 62), "more bytes than can be counted");
        assertRefused(oneTensor(5, 0, 32), "Q4_3 was removed");
        assertRefused(oneTensor(77, 0, 32), "unknown type: type=77");
        assertRefused(oneTensor(8, 0, 33), "row=33, type=Q8_0, block=32");
        assertRefused(oneTensor(0, 8, 4), "not aligned: offset=8, alignment=32");
        assertRefused(oneTensor(0, -32, 4), "not aligned: offset=18446744073709551584");
        assertRefused(oneTensor(0, 1L << 40, 4), "beyond the end of the file");
        assertRefused(oneTensor(0, 96, 16), "beyond the end of the file: offset=96, bytes=64");
        assertRefused(GgufBytes.header(1, 0).tensor("w", 0, 0, 4), "ends before its tensors");
    }

    @Test
    void shouldRejectWhenTensorsShareANameOrBytes() {
        assertRefused(
                GgufBytes.header(2, 0)
                        .tensor("w", 0, 0, 4)
                        .tensor("w", 0, 32, 4)
                        .pad(32)
                        .zeros(64),
                "tensor comes twice: name='w'");
        assertRefused(
                GgufBytes.header(2, 0)
                        .tensor("v", 0, 32, 4)
                        .tensor("w", 0, 0, 9)
                        .pad(32)
                        .zeros(64),
                "tensors overlap: 'w' and 'v' at offset 32");
    }

    @Test
    void shouldShowHostileNamesOnOneShortLine() {
        String hostile = "evil\n\u001b[31m".repeat(1000);
        assertRefused(GgufBytes.header(1, 0).tensor(hostile, 99, 0, 4), "tensor 'evil??[31mevil", "...'");
    }
}
