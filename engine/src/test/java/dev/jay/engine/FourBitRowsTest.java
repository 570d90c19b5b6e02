// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.engine.sample.Sampling;
import dev.jay.model.load.Synth;
import dev.jay.tensor.kernel.Numerics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows of four bits, each by itself, may do whatever a row may: be shared, parked in a file, forgotten, selected. */
class FourBitRowsTest {
    private static final int CONTEXT = 256;
    private static final List<String> ROWS =
            List.of("keys=q4_0 values=iq4_nl", "keys=rotated-q4_0 values=q4_0", "keys=iq4_nl values=rotated-q4_0");

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void write() throws IOException {
        file = folder.resolve("m.gguf");
        Synth.write("llama-mini", "q8_0", 3, file); // heads of 64: whole blocks
    }

    private Model open(ModelOptions options) throws IOException {
        return Model.open(file, options.withThreads(2).withContextLength(CONTEXT));
    }

    private static Request request(int i) {
        int[] prompt = IntStream.range(0, 150 + 20 * i)
                .map(t -> (t * 37 + (t > 120 ? i : 0)) % 500)
                .toArray();
        return Request.of(prompt)
                .withNumerics(Numerics.EXACT)
                .withSampling(Sampling.GREEDY)
                .withIgnoreEos(true)
                .withMaxTokens(20);
    }

    private static List<Integer> ids(Generation generation) {
        return generation.tokens().stream().map(Choice::token).toList();
    }

    private static List<List<Integer>> alone(Model model, boolean shares) {
        List<List<Integer>> all = new ArrayList<>();
        for (int i = 0; i < 3; i++) all.add(ids(model.generate(request(i).withSharing(shares))));
        return all;
    }

    private static List<List<Integer>> together(Model model) {
        List<Generation> running = new ArrayList<>();
        for (int i = 0; i < 3; i++) running.add(model.generate(request(i)));
        return running.stream().map(FourBitRowsTest::ids).toList();
    }

    @Test
    void sharingAndAFileChangeNoAnswer() throws IOException {
        for (String rows : ROWS) {
            ModelOptions options = ModelOptions.defaults().withKvRecipe(rows).withParallel(1);
            List<List<Integer>> wanted;
            try (Model plain = open(options)) {
                wanted = alone(plain, false);
                assertThat(alone(plain, true)).as(rows).isEqualTo(wanted);
                assertThat(plain.status().reusedTokens()).isPositive();
            }
            ModelOptions filed = options.withKvFile(folder.resolve(rows.replace(' ', '-')));
            for (int start = 0; start < 2; start++) {
                try (Model model = open(filed)) {
                    assertThat(alone(model, true)).as(rows).isEqualTo(wanted);
                    if (start > 0)
                        assertThat(model.status().tier().read()).as(rows).isPositive();
                }
            }
        }
    }

    @Test
    void forgettingAndSelectingWithCompanyAndWithoutRoomChangeNoAnswer() throws IOException {
        for (int i = 0; i < ROWS.size(); i++) {
            String more = List.of(
                            " evict=prompt-window(budget=60,window=8,recent=8)",
                            " select=best-pages(budget=128)",
                            " evict=heavy-hitter(budget=60,recent=8,every=32)")
                    .get(i);
            ModelOptions options = ModelOptions.defaults().withKvRecipe(ROWS.get(i) + more);
            List<List<Integer>> wanted;
            try (Model model = open(options.withParallel(3))) {
                wanted = alone(model, true);
                assertThat(together(model)).as(more).isEqualTo(wanted);
            }
            try (Model model = open(options.withParallel(1).withStepTokens(24))) {
                assertThat(together(model)).as(more).isEqualTo(wanted);
            }
        }
    }
}
