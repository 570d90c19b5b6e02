// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.model.arch.Float64Decoder.Exchange;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What explains rows beyond a bound explains those of near ties, and no others. */
class RouterTiesTest {
    private static final int[] TOKENS =
            new Random(8).ints(40, 0, RandomModel.VOCABULARY).toArray();

    /** How near a choice was, in errors that both scores may have; and the choice made otherwise. */
    private record Near(double error, Exchange exchange) {}

    private static float[] floats(Float64Decoder told) {
        float[] all = new float[TOKENS.length * RandomModel.VOCABULARY];
        for (int i = 0; i < all.length; i++) {
            all[i] = (float) told.logits[i / RandomModel.VOCABULARY][i % RandomModel.VOCABULARY];
        }
        return all;
    }

    private static List<Near> choices(RandomModel model, Float64Decoder told) {
        List<Near> all = new ArrayList<>();
        for (int t = 0; t < TOKENS.length; t++) {
            for (int l = 0; l < model.family.layers; l++) {
                double[] scores = told.scores[t][l];
                List<Integer> order = IntStream.range(0, scores.length)
                        .boxed()
                        .sorted(Comparator.comparing(e -> -scores[e]))
                        .toList();
                int out = order.get(model.family.expertsUsed - 1);
                int in = order.get(model.family.expertsUsed);
                double most = Math.max(Math.abs(scores[order.getFirst()]), Math.abs(scores[order.getLast()]));
                all.add(new Near((scores[out] - scores[in]) / most / 2, new Exchange(t, l, out, in)));
            }
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen2moe", "qwen3moe", "llama(mixtral)"})
    void shouldExplainNearTiesAlone(String family) {
        try (Machine machine = new Machine("scalar");
                RandomModel model = new RandomModel(machine.memory, 5, family, "f32")) {
            Float64Decoder told = new Float64Decoder(model, TOKENS);
            assertThat(new RouterTies(model, TOKENS, 1e-5).explain(floats(told)))
                    .isTrue();
            Near nearest = choices(model, told).stream()
                    .min(Comparator.comparing(Near::error))
                    .orElseThrow();
            float[] other = floats(new Float64Decoder(model, TOKENS, List.of(nearest.exchange)));
            double bound = nearest.error;
            assertThat(new RouterTies(model, TOKENS, 1.01 * bound).explain(other))
                    .isTrue();
            assertThat(new RouterTies(model, TOKENS, 0.99 * bound).explain(other))
                    .as("it was not that near: %s", nearest)
                    .isFalse();
            for (int i = 4 * RandomModel.VOCABULARY; i < 5 * RandomModel.VOCABULARY; i++) other[i] *= 1.5f;
            assertThat(new RouterTies(model, TOKENS, 1.01 * bound).explain(other))
                    .as("another error beside a tie")
                    .isFalse();
        }
    }
}
