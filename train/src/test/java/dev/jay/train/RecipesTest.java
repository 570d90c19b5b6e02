// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.Shared;
import dev.jay.train.block.Parameters;
import java.io.IOException;
import java.nio.file.Path;
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
        ModelSpec spec = recipe("jay-tiny.properties").shape().spec(VOCABULARY);
        try (Parameters outline = Parameters.outline(spec, true)) {
            long weights = outline.bytes() / Float.BYTES;
            assertThat(weights).isBetween(13_000_000L, 15_000_000L);
            assertThat(weights * Q8_0).isLessThan(25e6);
        }
        assertThat(spec.contextLength()).isEqualTo(2048);
    }

    /** As many tokens a step at every length of a stage; the last stage ends at the full length; tasks alone before. */
    @Test
    void lengthsShouldGrowAtTheSameTokensAStep() throws IOException {
        Recipe recipe = recipe("jay-tiny.properties");
        long tokens = 0;
        for (int step = 0; step < recipe.count(); step++) {
            Recipe.Steps steps = recipe.after(step).steps();
            assertThat(steps.sequencesAfter(step) * steps.lengthAfter(step) * steps.batches())
                    .isEqualTo(steps.tokens())
                    .isEqualTo(step < 4000 ? 2048 : 4096);
            tokens += steps.tokens();
        }
        assertThat(tokens).as("the card says 47 million").isBetween(46_500_000L, 47_500_000L);
        Recipe last = recipe.after(recipe.count() - 1);
        assertThat(last.steps().lengthAfter(recipe.count() - 1)).isEqualTo(2048);
        assertThat(recipe.texts().skillsAlone()).isLessThanOrEqualTo(recipe.count() / 2);
    }
}
