// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.model.ModelSpec;
import dev.jay.model.arch.Architectures;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SynthTest {
    @TempDir
    Path folder;

    static Stream<String> small() {
        return SynthShapes.ALL.names().stream().filter(n -> n.endsWith("tiny") || n.endsWith("mini"));
    }

    private Path write(String name, String shape, String format, long seed, int threads) throws IOException {
        Path out = folder.resolve(name);
        try (Memory memory = Memory.withBudget(8 << 20);
                Workers workers = Workers.of(threads)) {
            Synth.write(
                    memory,
                    workers,
                    SynthShapes.ALL.make(shape),
                    WeightFormats.ALL.make(format),
                    seed,
                    out,
                    (done, total, tensor) -> assertThat(done).isLessThanOrEqualTo(total));
        }
        return out;
    }

    @ParameterizedTest
    @MethodSource("small")
    void shouldWriteAModelOfItsShape(String name) throws IOException {
        SynthShape shape = SynthShapes.ALL.make(name);
        Path file = write("m.gguf", name, "q8_0", 1, 1);
        try (Memory memory = Memory.withBudget(0);
                WeightSource source = ModelFiles.open(memory, file)) {
            ModelSpec spec = Architectures.ALL.make(shape.architecture()).spec(source.metadata());
            assertThat(List.of(spec.layers(), spec.dim(), spec.heads(), spec.kvHeads(), spec.headDim(), spec.hidden()))
                    .isEqualTo(List.of(
                            shape.layers(),
                            shape.dim(),
                            shape.heads(),
                            shape.kvHeads(),
                            shape.headDim(),
                            shape.hidden()));
            assertThat(spec.vocabulary()).isEqualTo(shape.vocabulary());
            assertThat(source.metadata().strings("tokenizer.ggml.tokens"))
                    .hasSize(shape.vocabulary())
                    .doesNotHaveDuplicates()
                    .contains("<0x00>", "<0xFF>");
            assertThat(source.find("output.weight") == null)
                    .isEqualTo(shape.has(SynthTrait.SHARED_HEAD) || shape.has(SynthTrait.ENCODER));
            assertThat(source.find("blk.1.attn_q.bias") != null).isEqualTo(shape.has(SynthTrait.BIASES));
            assertThat(source.find("blk.1.attn_k_norm.weight") != null)
                    .isEqualTo(shape.has(SynthTrait.HEAD_NORMS) || shape.has(SynthTrait.WHOLE_NORMS));
            assertThat(source.find("blk.1.attn_output.weight").typeName()).isEqualTo("Q8_0");
            for (WeightSource.Entry e : source.entries()) {
                if (e.dims().size() == 1) assertThat(e.typeName()).as(e.name()).isEqualTo("F32");
            }
        }
    }

    @Test
    void shouldDependOnShapeFormatAndSeedAlone() throws IOException {
        Path one = write("one.gguf", "llama-mini(layers=1,vocabulary=260)", "q4_k", 7, 1);
        Path same = write("same.gguf", "llama-mini(layers=1,vocabulary=260)", "q4_k", 7, 3);
        Path other = write("other.gguf", "llama-mini(layers=1,vocabulary=260)", "q4_k", 8, 1);
        assertThat(Files.mismatch(one, same)).isEqualTo(-1);
        assertThat(Files.mismatch(one, other)).isPositive();
    }

    @Test
    void shouldDrawNormalWeights() throws IOException {
        Path file = write("m.gguf", "llama-mini", "f32", 3, 2);
        try (Memory memory = Memory.withBudget(0);
                WeightSource source = ModelFiles.open(memory, file)) {
            WeightSource.Entry down = source.find("blk.0.ffn_down.weight");
            assertThat(deviationAround(0, down) * Math.sqrt(768)).isBetween(0.99, 1.01);
            assertThat(deviationAround(1, source.find("output_norm.weight"))).isBetween(0.08, 0.12);
            WeightSource.Entry up = source.find("blk.0.ffn_up.weight");
            double product = 0;
            for (int i = 0; i < 10_000; i++) product += Floats.get(up.bytes(), i) * Floats.get(down.bytes(), i);
            assertThat(product / 10_000 * Math.sqrt(768 * 256))
                    .as("correlation")
                    .isBetween(-0.04, 0.04);
        }
    }

    private static double deviationAround(double mean, WeightSource.Entry e) {
        long count = e.bytes().byteSize() / Float.BYTES;
        double sum = 0;
        for (long i = 0; i < count; i++) sum += Math.pow(Floats.get(e.bytes(), i) - mean, 2);
        return Math.sqrt(sum / count);
    }

    @Test
    void shouldTakeLayersAndVocabularyAsParameters() {
        SynthShape shape = SynthShapes.ALL.make("llama-1b(layers=2,vocabulary=1000)");
        assertThat(shape.layers()).isEqualTo(2);
        assertThat(shape.vocabulary()).isEqualTo(1000);
        assertThatThrownBy(() -> SynthShapes.ALL.make("llama-1b(vocabulary=100)"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("vocabulary=100 (least 260)");
    }
}
