// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.model.load.MappedWeights;
import dev.jay.model.load.ModelFiles;
import dev.jay.model.load.Synth;
import dev.jay.model.load.SynthShapes;
import dev.jay.model.load.WeightSource;
import dev.jay.tensor.Steps;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Workers;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The same file of random weights, run by a peer: {@code peer/SHAPE.f32} holds the logits[10][512] that llama.cpp or its
 * kin gives for the tokens below on {@code jay synth SHAPE --format f32 --seed 42}, with keys and values in f32.
 */
class PeerLogitsTest {
    private static final int[] TOKENS = {1, 75, 104, 111, 35, 200, 7, 300, 3, 91};

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"llama-tiny", "qwen2-tiny", "qwen3-tiny"})
    void shouldAgreeWithAPeerOnTheSameFile(String shape) throws IOException {
        float[] wanted;
        try (InputStream in = PeerLogitsTest.class.getResourceAsStream("/peer/" + shape + ".f32")) {
            wanted = MemorySegment.ofArray(in.readAllBytes()).toArray(Floats.LAYOUT);
        }
        Path file = folder.resolve("model.gguf");
        try (Machine machine = new Machine()) {
            try (Workers workers = Workers.of(1)) {
                Synth.write(
                        machine.memory,
                        workers,
                        SynthShapes.ALL.make(shape),
                        WeightFormats.ALL.make("f32"),
                        42,
                        file,
                        (done, total, tensor) -> {});
            }
            try (WeightSource source = ModelFiles.open(machine.memory, file);
                    ModelTrial model = new ModelTrial(machine, source.metadata(), new MappedWeights(source), "", 1)) {
                float[] got = model.run(Numerics.EXACT, new int[][] {TOKENS}, Steps.whole(TOKENS.length), 0)
                        .logits()[0];
                assertThat(got).hasSameSizeAs(wanted);
                double worst = 0;
                for (int i = 0; i < got.length; i++) worst = Math.max(worst, Math.abs(got[i] - wanted[i]));
                assertThat(worst).isLessThan(1e-5);
            }
        }
    }
}
