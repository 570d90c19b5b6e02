// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.tensor.Shared;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** Files of tensors, sound and not; {@link dev.jay.model.arch.SafetensorsModelTest} has whole models. */
class SafetensorsTest {
    @TempDir
    Path folder;

    static Stream<Map.Entry<String, String>> expectations() throws IOException {
        Path file = Shared.data("3-containers/safetensors/expectations.json");
        Map<String, String> all =
                JsonMapper.shared().readValue(Files.readString(file), new TypeReference<Map<String, String>>() {});
        assertThat(all).hasSizeGreaterThan(8);
        return all.entrySet().stream();
    }

    @ParameterizedTest
    @MethodSource("expectations")
    void shouldDoWithEachContainerAsExpected(Map.Entry<String, String> expected) throws IOException {
        Path file = Shared.data("3-containers/safetensors/" + expected.getKey());
        try (Memory memory = Memory.withBudget(0)) { // mapped bytes are the file's
            if (expected.getValue().startsWith("reject")) {
                assertThatThrownBy(() -> ModelFiles.open(memory, file))
                        .isInstanceOf(MalformedModelException.class)
                        .hasMessageStartingWith(file + " at byte ")
                        .message()
                        .hasLineCount(1);
            } else {
                try (WeightSource source = ModelFiles.open(memory, file)) {
                    assertThat(source.entries()).isNotEmpty();
                    source.check();
                }
            }
        }
    }

    @Test
    void shouldReadTheValuesOfTheContainers() throws IOException {
        try (Memory memory = Memory.withBudget(0);
                WeightSource source = ModelFiles.open(
                        memory, Shared.data("3-containers/safetensors/valid-bf16-f16-i8-bool.safetensors"))) {
            assertThat(source.find("b").typeName()).isEqualTo("BF16");
            assertThat(new MappedWeights(source).matrix(Weights.ROOT, "b").cols())
                    .isEqualTo(2);
            for (String name : List.of("b", "h")) {
                MemorySegment floats = MemorySegment.ofArray(new float[2]);
                new MappedWeights(source).matrix(Weights.ROOT, name).decodeRow(0, floats, 0);
                assertThat(floats.toArray(Floats.LAYOUT)).containsExactly(1, -2);
            }
            assertThat(source.find("i").bytes().toArray(ValueLayout.JAVA_BYTE)).containsExactly(-1, 0, 1, 127);
            assertThat(source.find("t").bytes().toArray(ValueLayout.JAVA_BYTE)).containsExactly(1, 0, 1, 1);
            assertThatThrownBy(() -> new MappedWeights(source).require(List.of("b", "t", "i")))
                    .isInstanceOf(MalformedModelException.class)
                    .hasMessageContaining("{BOOL=[t], I8=[i]}");
        }
    }

    @Test
    void shouldTellShapesFastestFirst() {
        byte[] bytes = new SafetensorsBytes()
                .raw("\"__metadata__\":{\"format\":\"pt\"}")
                .tensor("w", "F16", "[3,5]", new byte[30])
                .tensor("empty", "F32", "[0,3]", new byte[0])
                .tensor("scalar", "F64", "[]", new byte[8])
                .padded(3)
                .bytes();
        SafetensorsFile file = SafetensorsFile.read(Path.of("x"), MemorySegment.ofArray(bytes));
        assertThat(file.notes()).containsExactly(Map.entry("format", "pt"));
        assertThat(file.entries())
                .extracting(WeightSource.Entry::dims)
                .containsExactly(List.of(5L, 3L), List.of(3L, 0L), List.of(1L));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        [1]                                                                     | does not begin with '{'
        {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}                   | not the JSON it should be
        {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} x                | not the JSON it should be
        {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":1}            | Duplicate
        {"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}    | Duplicate
        {"a":{"dtype":"F32","shape":[1]}}                                       | needs dtype, shape and data_offsets
        {"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}                    | needs dtype, shape and data_offsets
        {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}                | more than 2 numbers
        {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}            | unknown key: 'x'
        {"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}                 | negative
        {"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}                | wanted VALUE_NUMBER_INT
        {"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}} | not the JSON it should be
        {"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}} | more weights than can be counted
        {"a":{"dtype":"F32","shape":[2305843009213693952],"data_offsets":[0,4]}} | more weights than can be counted
        {"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}                  | outside the file
        {"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}                  | outside the file
        {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}                  | wanted=8 bytes, got=4
        {"a":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}                   | leaves a gap
        {"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}                   | do not fill the file
        {"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}}                   | wrong size
        {"a":[]}                                                                | wanted START_OBJECT
        {"__metadata__":{"a":1}}                                                | wanted VALUE_STRING
        """)
    void shouldRejectAWrongHeader(String header, String told) {
        byte[] bytes = SafetensorsBytes.file(header, new byte[4]);
        assertRefused(bytes, told);
    }

    @Test
    void shouldRejectDepthAndLengthsBeforeTakingAnything() {
        assertRefused(SafetensorsBytes.file("{\"a\":" + "[".repeat(100_000), new byte[0]), "wanted START_OBJECT");
        String deep = "{\"a\":{\"shape\":" + "[".repeat(100);
        assertRefused(SafetensorsBytes.file(deep, new byte[0]), "wanted VALUE_NUMBER_INT");
        for (long length : new long[] {0, 1, 100, 1L << 40, Long.MAX_VALUE, -1, Long.MIN_VALUE}) {
            byte[] bytes = SafetensorsBytes.file("{}", new byte[4]);
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
            assertRefused(bytes, "length of the header is not possible");
        }
        assertRefused(new byte[9], "too short");
        byte[] long64 = SafetensorsBytes.file(" ".repeat((16 << 20) + 1), new byte[0]);
        assertRefused(long64, "length of the header is not possible");
    }

    @Test
    void shouldRejectWhatWouldTakeTheHeap() {
        StringBuilder many = new StringBuilder("{");
        for (int i = 0; i < 200_000; i++) {
            many.append(i == 0 ? "" : ",").append("\"t").append(i);
            many.append("\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}");
        }
        assertRefused(SafetensorsBytes.file(many + "}", new byte[0]), "more heap than a model's metadata may");
    }

    @Test
    void shouldReadOrRefuseAFileBrokenAtRandom() {
        byte[] valid = new SafetensorsBytes()
                .tensor("a.weight", "F32", "[2,2]", new byte[16])
                .tensor("b", "BF16", "[3]", new byte[6])
                .bytes();
        Random random = new Random(20261121);
        int read = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] broken = valid.clone();
            for (int j = random.nextInt(3); j >= 0; j--) {
                broken[random.nextInt(broken.length)] = (byte)
                        (random.nextBoolean() ? random.nextInt() : "0123456789[]{},:\"-".charAt(random.nextInt(18)));
            }
            try {
                SafetensorsFile.read(Path.of("x"), MemorySegment.ofArray(broken));
                read++;
            } catch (MalformedModelException e) {
                assertThat(e.getMessage().lines()).hasSize(1);
            }
        }
        assertThat(read).isBetween(1000, 19_000);
    }

    private static void assertRefused(byte[] bytes, String told) {
        assertThatThrownBy(() -> SafetensorsFile.read(Path.of("bad.safetensors"), MemorySegment.ofArray(bytes)))
                .isInstanceOf(MalformedModelException.class)
                .hasMessageStartingWith("bad.safetensors at byte ")
                .hasMessageContaining(told)
                .message()
                .hasLineCount(1);
    }

    private void write(String name, String text) throws IOException {
        Files.write(folder.resolve(name), text.getBytes(StandardCharsets.UTF_8));
    }

    private void assertFolderRefused(String told) throws IOException {
        try (Memory memory = Memory.withBudget(1 << 20)) {
            assertThatThrownBy(() -> ModelFiles.open(memory, folder))
                    .isInstanceOf(MalformedModelException.class)
                    .hasMessageContaining(told)
                    .message()
                    .hasLineCount(1);
            assertThat(memory.reservedByPurpose()).isEmpty();
        }
    }

    @Test
    void shouldRejectAnIndexThatLeavesTheFolderOrDoesNotHold() throws IOException {
        String index = "model.safetensors.index.json";
        Files.write(
                folder.resolve("a.safetensors"),
                new SafetensorsBytes().tensor("w", "U8", "[1]", new byte[1]).bytes());
        write(index, "{\"weight_map\":{\"w\":\"../a.safetensors\"}}");
        assertFolderRefused("something else than a file beside it: tensor='w', file='\"../a.safetensors\"'");
        write(index, "{\"weight_map\":{\"w\":\"/etc/passwd\"}}");
        assertFolderRefused("something else than a file beside it");
        write(index, "{\"weight_map\":{}}");
        assertFolderRefused("has no weight_map");
        write(index, "{\"weight_map\":{\"w\":\"b.safetensors\"}}");
        assertFolderRefused("a file of the model is missing: b.safetensors");
        write(index, "{\"weight_map\":{\"w\":\"a.safetensors\",\"v\":\"a.safetensors\"}}");
        assertFolderRefused("its index names tensors that its files have not: ['v']");
        write(index, "[".repeat(1000));
        assertFolderRefused("not the JSON it should be");
        Files.delete(folder.resolve(index));
        write("b.safetensors", "");
        assertFolderRefused("found [a.safetensors, b.safetensors]");
    }

    @Test
    void shouldRejectAFamilyThatIsNotReadAndWeightsThatAreNotPlain() throws IOException {
        Files.write(
                folder.resolve("model.safetensors"),
                new SafetensorsBytes()
                        .tensor("x.weight", "F32", "[1]", new byte[4])
                        .bytes());
        write("config.json", "{\"model_type\":\"weird\"}");
        assertFolderRefused("model_type is not read from safetensors");
        write("config.json", "{\"model_type\":\"llama\",\"quantization_config\":{\"quant_method\":\"awq\"}}");
        assertFolderRefused("quantization_config is not read: wanted plain F32, F16 or BF16 weights");
        write("config.json", "{\"model_type\":\"llama\",\"hidden_act\":\"gelu\"}");
        assertFolderRefused("hidden_act is not what the family has, wanted=[silu]: '\"gelu\"'");
        write("config.json", "{\"model_type\":\"llama\"}");
        assertFolderRefused("hidden_size is missing");
        write("config.json", "{\"model_type\":\"llama\",\"hidden_size\":\"8\"}");
        assertFolderRefused("hidden_size is not a whole number: '\"8\"'");
        write(
                "config.json",
                "{\"model_type\":\"llama\",\"hidden_size\":8,\"num_hidden_layers\":1,\"intermediate_size\":8,"
                        + "\"num_attention_heads\":1,\"vocab_size\":3}");
        assertFolderRefused("tensors that llama has not, so what they do would be lost: ['x.weight']");
    }
}
