// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.jay.tensor.format.Floats;
import dev.jay.tensor.memory.Memory;
import dev.jay.train.Recipe;
import org.junit.jupiter.api.Test;

class ParametersTest {
    private static double deviation(Parameter p) {
        double sum = 0;
        for (long i = 0; i < p.count(); i++) sum += (double) Floats.get(p.value(), i) * Floats.get(p.value(), i);
        return Math.sqrt(sum / p.count());
    }

    @Test
    void blocksShouldBeginWithTheDeviationThatIsAskedFor() {
        try (Memory memory = Memory.withBudget(16 << 20);
                Parameters parameters =
                        new Parameters(new Recipe.Shape(64, 2, 4, 2, 16, 160, 256, 10000).spec(256), true, memory)) {
            parameters.randomise(1, 0.125f);
            assertThat(deviation(parameters.get("token_embd.weight"))).isCloseTo(0.02, within(0.001));
            assertThat(deviation(parameters.get("blk.1.ffn_up.weight"))).isCloseTo(0.125, within(0.005));
            assertThat(deviation(parameters.get("blk.1.ffn_down.weight"))).isCloseTo(0.0625, within(0.003));
            assertThat(deviation(parameters.get("blk.1.attn_norm.weight"))).isEqualTo(1);
        }
    }
}
