// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.tensor.format.Matrix;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class MappedWeightsTest {
    private final MappedWeights weights = new MappedWeights(Gguf.of(
            MemorySegment.ofArray(GgufBytes.header(4, 0)
                    .tensor("q8", 8, 0, 32, 2, 3)
                    .tensor("norm", 0, 224, 8)
                    .tensor("odd.a", 9, 256, 32)
                    .tensor("odd.b", 9, 320, 32)
                    .pad(32)
                    .zeros(384)
                    .bytes()),
            Path.of("made-up.gguf")));

    @Test
    void shouldSeeTensorsAsMatrices() {
        Matrix q8 = weights.matrix(0, "q8");
        assertThat(q8.format().name()).isEqualTo("q8_0");
        assertThat(List.of(q8.rows(), q8.cols())).isEqualTo(List.of(6, 32));
        Matrix norm = weights.matrix(Weights.ROOT, "norm");
        assertThat(List.of(norm.rows(), norm.cols())).isEqualTo(List.of(1, 8));
        assertThat(weights.has("norm")).isTrue();
        assertThat(weights.has("absent")).isFalse();
    }

    @Test
    void shouldNameAllThatIsMissingOrUnreadable() {
        weights.require(List.of("q8", "norm"));
        assertThatThrownBy(() -> weights.require(List.of("q8", "x", "y")))
                .isInstanceOf(MalformedModelException.class)
                .hasMessage("model file lacks tensors: names=[x, y]");
        assertThatThrownBy(() -> weights.require(List.of("odd.a", "q8", "odd.b")))
                .hasMessageContaining("cannot be decoded: {Q8_1=[odd.a, odd.b]}, supported=[f32, f16");
        assertThatThrownBy(() -> weights.matrix(0, "odd.b")).hasMessageContaining("{Q8_1=[odd.a, odd.b]}");
        assertThatThrownBy(() -> weights.matrix(0, "z")).hasMessageContaining("lacks tensors: names=[z]");
    }
}
