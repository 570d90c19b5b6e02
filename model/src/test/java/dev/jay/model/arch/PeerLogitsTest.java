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
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The same file of random weights, run by a peer: {@code peer/SHAPE.f32} holds the logits[10][512], or an encoder's last
 * rows [10][64], that llama.cpp (August 2026) gives for the tokens below on {@code jay synth SHAPE --format f32 --seed 42},
 * on one thread, with keys and values in f32, no flash attention, a context of 512 and every row asked for. It was built
 * without its table of GELU in f16, whose steps are larger than what is compared here; for {@code bert} with the error
 * function in place of the formula with tanh, as the models were trained.
 */
class PeerLogitsTest {
    private static final int[] TOKENS = {1, 75, 104, 111, 35, 200, 7, 300, 3, 91};

    @TempDir
    private Path folder;

    static Stream<String> shapes() {
        return SynthShapes.ALL.names().stream().filter(name -> name.endsWith("-tiny"));
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void shouldAgreeWithAPeerOnTheSameFile(String shape) throws IOException {
        float[] wanted;
        try (InputStream in = PeerLogitsTest.class.getResourceAsStream("/peer/" + shape + ".f32")) {
            wanted = MemorySegment.ofArray(in.readAllBytes()).toArray(Floats.LAYOUT);
        }
        Path file = folder.resolve("model.gguf");
        try (Machine machine = new Machine()) {
            write(machine, shape, file);
            try (WeightSource source = ModelFiles.open(machine.memory, file)) {
                float[] got = run(machine, source);
                assertThat(got).hasSameSizeAs(wanted);
                double worst = 0;
                for (int i = 0; i < got.length; i++) worst = Math.max(worst, Math.abs(got[i] - wanted[i]));
                assertThat(worst).isLessThan(1e-5);
            }
        }
    }

    private static void write(Machine machine, String shape, Path file) throws IOException {
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
    }

    private static float[] run(Machine machine, WeightSource source) {
        MappedWeights weights = new MappedWeights(source);
        if (Architectures.of(source.metadata()).spec(source.metadata()).isEncoder()) {
            return EncoderLaws.run(machine, source.metadata(), weights, Numerics.EXACT, 1, TOKENS)[0];
        }
        try (ModelTrial model = new ModelTrial(machine, source.metadata(), weights, "", 1)) {
            return model.run(Numerics.EXACT, new int[][] {TOKENS}, Steps.whole(TOKENS.length), 0)
                    .logits()[0];
        }
    }
}
