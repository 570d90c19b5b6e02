// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.tensor.Shared;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.WholeFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

public class QuantizerTest {
    private static final int SAMPLE = 4096;

    @TempDir
    static Path folder;

    private static Path mini;
    private static Path tiny;

    @BeforeAll
    static void writeModels() throws IOException {
        mini = synth("llama-mini(layers=1,vocabulary=260)");
        tiny = synth("qwen2-tiny");
    }

    private static Path synth(String shape) throws IOException {
        Path out = folder.resolve(shape.replaceAll("\\(.*", "") + ".gguf");
        WeightFormat f32 = WeightFormats.ALL.make("f32");
        try (Memory memory = Memory.withBudget(4 << 20);
                Workers workers = Workers.of(1)) {
            Synth.write(memory, workers, SynthShapes.ALL.make(shape), f32, 5, out, (done, total, tensor) -> {});
        }
        return out;
    }

    private static Quantizer.Report quantize(Path in, Path out, String format) throws IOException {
        List<Long> done = new ArrayList<>();
        try (Memory memory = Memory.withBudget(8 << 20);
                Workers workers = Workers.of(2)) {
            Quantizer.Report report =
                    Quantizer.run(memory, workers, in, out, WeightFormats.ALL.make(format), (bytes, total, tensor) -> {
                        assertThat(bytes).isLessThanOrEqualTo(total);
                        done.add(bytes);
                    });
            assertThat(done).isSorted();
            assertThat(done.isEmpty() ? 0 : done.getLast()).isEqualTo(report.bytesAfter());
            return report;
        }
    }

    @ParameterizedTest
    @MethodSource("formats")
    void shouldCodeMatricesAndKeepTheRest(String name) throws IOException {
        Path out = folder.resolve("out-" + name + ".gguf");
        Quantizer.Report report = quantize(mini, out, name);
        assertThat(report.fallbacks()).isEmpty();
        WeightFormat format = WeightFormats.ALL.make(name);
        try (Memory memory = Memory.withBudget(0);
                Gguf before = Gguf.open(memory, mini);
                Gguf after = Gguf.open(memory, out)) {
            assertThat(after.entries()).hasSameSizeAs(before.entries());
            for (WeightSource.Entry e : before.entries()) {
                WeightSource.Entry got = after.find(e.name());
                assertThat(got.dims()).isEqualTo(e.dims());
                if (e.dims().size() == 1) {
                    assertThat(got.bytes().mismatch(e.bytes())).as(e.name()).isEqualTo(-1);
                } else {
                    assertCoded(format, e, got, 0);
                    assertCoded(format, e, got, e.bytes().byteSize() / Float.BYTES - SAMPLE);
                }
            }
            assertSameMetadata(before, after);
            assertThat(after.metadata().integer("general.file_type"))
                    .isEqualTo((int) (long) GgmlType.of(format).fileType().orElseThrow());
        }
    }

    private static void assertCoded(
            WeightFormat format, WeightSource.Entry before, WeightSource.Entry after, long from) {
        byte[] wanted = new byte[(int) format.bytesFor(SAMPLE)];
        format.encode(before.bytes(), from * Float.BYTES, SAMPLE, MemorySegment.ofArray(wanted), 0);
        MemorySegment got = after.bytes().asSlice(format.bytesFor(from), wanted.length);
        assertThat(got.mismatch(MemorySegment.ofArray(wanted)))
                .as(before.name())
                .isEqualTo(-1);
    }

    /** The formats that are written. */
    public static List<String> formats() {
        return List.copyOf(WeightFormats.ALL.names());
    }

    private static void assertSameMetadata(Gguf before, Gguf after) {
        assertThat(List.copyOf(after.rawMetadata().keySet()))
                .isEqualTo(List.copyOf(before.rawMetadata().keySet()));
        before.rawMetadata().forEach((key, raw) -> {
            if (key.equals("general.file_type")) return;
            assertThat(after.rawMetadata().get(key).mismatch(raw)).as(key).isEqualTo(-1);
        });
    }

    @Test
    void shouldDecodeToF32() throws IOException {
        Path q8 = folder.resolve("q8.gguf");
        Path back = folder.resolve("back.gguf");
        quantize(tiny, q8, "q8_0");
        Quantizer.Report report = quantize(q8, back, "f32");
        assertThat(report.tensors().keySet()).containsExactly("F32");
        WeightFormat format = WeightFormats.ALL.make("q8_0");
        try (Memory memory = Memory.withBudget(0);
                Gguf coded = Gguf.open(memory, q8);
                Gguf decoded = Gguf.open(memory, back)) {
            WeightSource.Entry e = coded.find("blk.1.ffn_gate.weight");
            float[] wanted = new float[64 * 160];
            format.decode(e.bytes(), 0, wanted.length, MemorySegment.ofArray(wanted), 0);
            assertThat(decoded.find(e.name()).bytes().mismatch(MemorySegment.ofArray(wanted)))
                    .isEqualTo(-1);
        }
    }

    @Test
    void shouldFallBackWhereABlockDoesNotFitTheRow() throws IOException {
        Quantizer.Report report = quantize(tiny, folder.resolve("fallback.gguf"), "q6_k");
        assertThat(report.fallbacks()).hasSize(15).containsEntry("blk.0.ffn_down.weight", "q8_0");
        assertThat(report.tensors()).isEqualTo(Map.of("F32", 11, "Q8_0", 15));
    }

    @Test
    void shouldPreserveEveryKindOfMetadata() throws IOException {
        Path kinds = Shared.data("3-containers/gguf/valid-all-kv-types.gguf");
        Path out = folder.resolve("kinds.gguf");
        quantize(kinds, out, "f16");
        try (Memory memory = Memory.withBudget(0);
                Gguf before = Gguf.open(memory, kinds);
                Gguf after = Gguf.open(memory, out)) {
            before.rawMetadata()
                    .forEach((key, raw) -> assertThat(
                                    after.rawMetadata().get(key).mismatch(raw))
                            .as(key)
                            .isEqualTo(-1));
            assertThat(after.metadata().integer("general.file_type")).isEqualTo(1);
        }
    }

    @Test
    void shouldRejectWhenAMatrixCannotBeDecoded() throws IOException {
        byte[] odd = GgufBytes.header(2, 0)
                .tensor("a.weight", 9, 0, 32, 2)
                .tensor("b.scale", 9, 96, 32, 2)
                .pad(32)
                .zeros(192)
                .bytes();
        Path in = Files.write(folder.resolve("odd.gguf"), odd);
        Path out = Files.writeString(folder.resolve("odd-out.gguf"), "as it was");
        assertThatThrownBy(() -> quantize(in, out, "q8_0"))
                .isInstanceOf(MalformedModelException.class)
                .hasMessageContaining("{Q8_1=[a.weight]}");
        assertThat(Files.readString(out)).isEqualTo("as it was");
    }

    @Test
    void shouldRejectWhenAModelWouldBeWrittenOverItself() throws IOException {
        byte[] before = Files.readAllBytes(tiny);
        assertThatThrownBy(() -> quantize(tiny, folder.resolve(".").resolve("qwen2-tiny.gguf"), "q8_0"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("over itself");
        Path part = Files.write(folder.resolve("x.gguf.part"), before);
        assertThatThrownBy(() -> quantize(part, folder.resolve("x.gguf"), "q8_0"))
                .hasMessageContaining("over itself");
        assertThat(Files.readAllBytes(tiny)).isEqualTo(before);
        assertThat(Files.readAllBytes(part)).isEqualTo(before);
    }

    @Test
    void shouldLeaveNothingBehindWhenWritingFails() throws IOException {
        Path out = folder.resolve("failing.gguf");
        GgufWriter writer = new GgufWriter()
                .tensor(
                        "w",
                        List.of(8L),
                        GgmlType.of(0).orElseThrow(),
                        sink -> sink.write(MemorySegment.ofArray(new byte[8])));
        assertThatThrownBy(() -> writer.write(out)).hasMessageContaining("name=w, wanted=32, got=8");
        assertThat(out).doesNotExist();
        assertThat(WholeFile.partOf(out)).doesNotExist();
    }

    @Test
    void shouldWriteACheckpointOfLlama2cAsGguf() throws IOException {
        Path out = folder.resolve("stories.gguf");
        quantize(Shared.data("0-stories260K/stories260K.bin"), out, "f32");
        try (Memory memory = Memory.withBudget(0);
                WeightSource bin = ModelFiles.open(memory, Shared.data("0-stories260K/stories260K.bin"));
                WeightSource gguf = ModelFiles.open(memory, out)) {
            for (WeightSource.Entry e : bin.entries()) {
                assertThat(gguf.find(e.name()).bytes().mismatch(e.bytes()))
                        .as(e.name())
                        .isEqualTo(-1);
            }
            bin.metadata()
                    .values()
                    .forEach((key, v) -> assertThat(gguf.metadata().values().get(key))
                            .as(key)
                            .isEqualTo(v));
        }
    }
}
