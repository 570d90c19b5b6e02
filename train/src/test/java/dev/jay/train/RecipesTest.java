// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.Shared;
import dev.jay.train.block.Parameters;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The recipes that come with Jay are what its card and its limits say of them. */
class RecipesTest {
    private static final Path FOLDER = Shared.root().resolve("train/recipes");
    private static final int VOCABULARY = 4096;
    private static final double Q8_0 = 34.0 / 32; // bytes a weight

    private static Recipe recipe(String name) throws IOException {
        return Recipe.read(FOLDER.resolve(name), Map.of());
    }

    @Test
    void theModelShouldBeSmallEnoughToShip() throws IOException {
        for (String name : List.of("jay-tiny.properties", "jay-tiny-short.properties")) {
            ModelSpec spec = recipe(name).shape().spec(VOCABULARY);
            try (Parameters outline = Parameters.outline(spec, true)) {
                long weights = outline.bytes() / Float.BYTES;
                assertThat(weights).isBetween(13_000_000L, 15_000_000L);
                assertThat(weights * Q8_0).isLessThan(25e6);
            }
            assertThat(spec.contextLength()).isEqualTo(2048);
        }
    }

    /** 2048 tokens a step at every length; the last 15 % at the full length; tasks alone before. */
    @Test
    void lengthsShouldGrowAtTheSameTokensAStep() throws IOException {
        for (String name : List.of("jay-tiny.properties", "jay-tiny-short.properties")) {
            Recipe.Steps steps = recipe(name).steps();
            assertThat(steps.tokens()).isEqualTo(2048);
            assertThat(steps.lengths().values()).containsExactly(128, 512, 1024, 2048);
            for (int from : steps.lengths().keySet()) {
                assertThat(steps.sequencesAfter(from) * steps.lengthAfter(from)).isEqualTo(2048);
                if (from > 0) assertThat(steps.lengthAfter(from - 1)).isLessThan(steps.lengthAfter(from));
            }
            assertThat(steps.lengths().lastKey()).isEqualTo(steps.count() * 85 / 100);
            assertThat(recipe(name).texts().skillsAlone()).isLessThan(steps.count() / 4);
        }
        assertThat(recipe("jay-tiny.properties").steps().count() * 2048L).isBetween(100_000_000L, 150_000_000L);
        assertThat(recipe("jay-tiny-short.properties").steps().count() * 2048L).isLessThan(35_000_000L);
    }
}
