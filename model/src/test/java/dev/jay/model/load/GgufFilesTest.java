// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.tensor.Shared;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** The reader on files: those of the reference data, and split ones. */
class GgufFilesTest {
    @TempDir
    Path folder;

    static Stream<Map.Entry<String, String>> expectations() throws IOException {
        Path file = Shared.data("3-containers/gguf/expectations.json");
        Map<String, String> all =
                JsonMapper.shared().readValue(Files.readString(file), new TypeReference<Map<String, String>>() {});
        assertThat(all).hasSizeGreaterThan(10);
        return all.entrySet().stream();
    }

    @ParameterizedTest
    @MethodSource("expectations")
    void shouldDoWithEachContainerAsExpected(Map.Entry<String, String> expected) throws IOException {
        Path file = Shared.data("3-containers/gguf/" + expected.getKey());
        try (Memory memory = Memory.withBudget(0)) { // mapped bytes are the file's
            if (expected.getValue().startsWith("reject")) {
                assertThatThrownBy(() -> Gguf.open(memory, file))
                        .isInstanceOf(MalformedModelException.class)
                        .hasMessageStartingWith(file + " at byte ")
                        .message()
                        .hasLineCount(1);
            } else {
                assertThat(expected.getValue()).startsWith("ok");
                try (Gguf gguf = Gguf.open(memory, file)) {
                    assertThat(gguf.metadata().text("general.architecture")).isEqualTo("llama");
                    gguf.check();
                }
            }
        }
    }

    @Test
    void shouldReadTheValuesOfTheContainers() throws IOException {
        try (Memory memory = Memory.withBudget(0);
                Gguf kinds = Gguf.open(memory, Shared.data("3-containers/gguf/valid-all-kv-types.gguf"))) {
            Metadata m = kinds.metadata();
            assertThat(m.values().get("k.u64")).isEqualTo(new BigInteger("18446744073709551615"));
            assertThat(m.integer("k.i64")).isEqualTo(-1);
            assertThat(m.integer("k.u8")).isEqualTo(255);
            assertThat(m.integer("k.i8")).isEqualTo(-1);
            assertThat(m.values().get("k.u32")).isEqualTo(4294967295L);
            assertThat(m.real("k.f32")).isEqualTo(1.5);
            assertThat(m.real("k.f64")).isEqualTo(-2.25);
            assertThat(m.flag("k.bool", false)).isTrue();
            assertThat(m.text("k.str")).isEqualTo("zażółć");
            assertThat(m.strings("k.arr")).containsExactly("a", "", "b\n");
            WeightSource.Entry w = kinds.find("w");
            assertThat(w.dims()).containsExactly(4L, 3L);
            assertThat(w.typeName()).isEqualTo("F32");
            assertThat(Floats.get(w.bytes(), 0)).isEqualTo(Float.intBitsToFloat(0xBF26DBC9));
        }
    }

    @Test
    void shouldReadARealVocabulary() throws IOException {
        try (Memory memory = Memory.withBudget(0);
                Gguf model = Gguf.open(memory, Shared.data("0-stories260K/stories260K.gguf"))) {
            assertThat(model.metadata().strings("tokenizer.ggml.tokens"))
                    .hasSize(512)
                    .contains("<s>");
            assertThat(model.metadata().reals("tokenizer.ggml.scores")).hasSize(512);
            assertThat(model.entries())
                    .allSatisfy(e -> assertThat(e.bytes().isMapped()).isTrue());
        }
    }

    private static byte[] part(int number, int count, int tensors, String tensor) {
        return GgufBytes.header(1, 4)
                .pair("general.name", GgufType.STRING)
                .text("part " + number)
                .pair("split.no", GgufType.U16)
                .i16(number)
                .pair("split.count", GgufType.U16)
                .i16(count)
                .pair("split.tensors.count", GgufType.I32)
                .i32(tensors)
                .tensor(tensor, 0, 0, 8)
                .pad(32)
                .f32(number)
                .zeros(28)
                .bytes();
    }

    private Path write(String name, byte[] bytes) throws IOException {
        return Files.write(folder.resolve(name), bytes);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void shouldOpenAllPartsFromAny(int given) throws IOException {
        for (int i = 0; i < 3; i++) write("m-0000" + (i + 1) + "-of-00003.gguf", part(i, 3, 3, "w" + i));
        try (Memory memory = Memory.withBudget(0);
                Gguf model = Gguf.open(memory, folder.resolve("m-0000" + given + "-of-00003.gguf"))) {
            assertThat(model.metadata().text("general.name")).isEqualTo("part 0");
            assertThat(model.entries()).extracting(WeightSource.Entry::name).isEqualTo(List.of("w0", "w1", "w2"));
            assertThat(Floats.get(model.find("w2").bytes(), 0)).isEqualTo(2);
        }
    }

    @Test
    void shouldRejectWhenPartsDoNotFitTogether() throws IOException {
        Path first = write("m-00001-of-00002.gguf", part(0, 2, 2, "w0"));
        assertRefused(first, "part 2 of 2 is missing: file=" + folder.resolve("m-00002-of-00002.gguf"));
        write("m-00002-of-00002.gguf", part(0, 2, 2, "w1"));
        assertRefused(first, "not the part that its name says: wanted=2 of 2, got=1 of 2");
        write("m-00002-of-00002.gguf", part(1, 2, 2, "w0"));
        assertRefused(first, "tensor comes twice: name='w0'");
        write("m-00002-of-00002.gguf", part(1, 2, 3, "w1"));
        write("m-00001-of-00002.gguf", part(0, 2, 3, "w0"));
        assertRefused(first, "wrong number of tensors together: wanted=3, got=2");
        assertRefused(
                write("m-00000-of-00002.gguf", part(0, 2, 2, "w0")), "not the part that its name says: wanted=0 of 2");
        assertRefused(write("renamed.gguf", part(0, 2, 2, "w0")), "wanted=NAME-00001-of-00002.gguf");
    }

    private static void assertRefused(Path file, String message) {
        try (Memory memory = Memory.withBudget(0)) {
            assertThatThrownBy(() -> Gguf.open(memory, file))
                    .isInstanceOf(MalformedModelException.class)
                    .hasMessageContaining(message);
        }
    }

    @Test
    void shouldNoticeThatAFileChanged() throws IOException {
        Path file = write(
                "m.gguf",
                GgufBytes.header(1, 0).tensor("w", 0, 0, 8).pad(32).zeros(32).bytes());
        try (Memory memory = Memory.withBudget(0);
                Gguf model = Gguf.open(memory, file)) {
            Weights weights = new MappedWeights(model);
            weights.hold(Weights.ROOT);
            Files.setLastModifiedTime(file, FileTime.fromMillis(1));
            weights.hold(0);
            assertThatThrownBy(() -> weights.hold(Weights.ROOT)).hasMessageContaining("changed while in use");
        }
    }

    /** A file that is long but takes no room on the disk, and of zeros after its start. */
    private Path sparse(GgufBytes start, long size) throws IOException {
        Path file = write("sparse.gguf", start.bytes());
        try (RandomAccessFile f = new RandomAccessFile(file.toFile(), "rw")) {
            f.setLength(size);
        }
        return file;
    }

    @Test
    void shouldRejectWhenMetadataWouldFillTheHeap() throws IOException {
        long size = 1L << 30;
        assertRefused(
                sparse(GgufBytes.header(0, 1).array("k", GgufType.STRING, 20_000_000), size),
                "too many elements: count=20000000");
        assertRefused(sparse(GgufBytes.header(0, 1).array("k", GgufType.STRING, 16_000_000), size), "more heap than");
        assertRefused(sparse(GgufBytes.header(0, 1).array("k", GgufType.STRING, 5_000_000), size), "more heap than");
        assertRefused(sparse(GgufBytes.header(0, 1).array("k", GgufType.U8, 16_000_000), size), "more heap than");
        assertRefused(sparse(GgufBytes.header(0, 1).array("k", GgufType.ARRAY, 16_000_000), size), "more heap than");
        assertRefused(sparse(GgufBytes.header(0, 1).pair("k", GgufType.STRING).i64(size / 2), size), "more heap than");
        assertRefused(sparse(GgufBytes.header(1L << 24, 0), size), "tensor name is empty");
    }

    @Test
    void shouldOpenALargeVocabularyQuickly() throws IOException {
        int size = 262_144;
        GgufBytes bytes = GgufBytes.header(0, 2).array("tokenizer.ggml.tokens", GgufType.STRING, size);
        for (int i = 0; i < size; i++) bytes.text("token" + i);
        bytes.array("tokenizer.ggml.merges", GgufType.STRING, 2L * size);
        for (int i = 0; i < 2 * size; i++) bytes.text("to ken" + i);
        Path file = write("large.gguf", bytes.bytes());
        try (Memory memory = Memory.withBudget(0)) {
            Gguf.open(memory, file).close();
            long from = System.nanoTime();
            try (Gguf model = Gguf.open(memory, file)) {
                long millis = (System.nanoTime() - from) / 1_000_000;
                assertThat(millis).as("milliseconds").isLessThan(1000); // some tens where the machine is idle
                assertThat(model.metadata().strings("tokenizer.ggml.tokens").get(size - 1))
                        .isEqualTo("token" + (size - 1));
                assertThat(model.metadata().strings("tokenizer.ggml.merges"))
                        .hasSize(2 * size)
                        .endsWith("to ken524287");
            }
        }
    }
}
