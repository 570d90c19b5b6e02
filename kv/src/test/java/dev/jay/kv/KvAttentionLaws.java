// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.kv.codec.Bases;
import dev.jay.kv.codec.KvCodecs;
import dev.jay.tensor.Steps;
import dev.jay.tensor.kernel.Numerics;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What a query gets depends on its own position and what lies before it, and on nothing else: bit for bit, for every codec. */
class KvAttentionLaws {
    private static final long SEED = 20_261;
    private static final int[] LENGTHS = {100, 1, 47};
    private static final List<Mask> MASKS = List.of(Mask.CAUSAL, new Mask.Window(40));

    private interface Law {
        void check(AttentionTrial trial, String which);
    }

    private static void forAll(Law law) {
        List<String> codecs = List.copyOf(KvCodecs.ALL.names());
        for (int i = 0; i < 2 * codecs.size(); i++) { // each codec with itself, and with its neighbour
            String keys = codecs.get(i / 2);
            String values = codecs.get((i + 1) / 2 % codecs.size());
            Mask mask = MASKS.get(i % 2);
            String which = "keys=" + keys + " values=" + values;
            law.check(
                    new AttentionTrial(SEED, Bases.recipe(which, AttentionTrial.STREAM), mask, LENGTHS),
                    which + " " + mask + " seed=" + SEED);
        }
    }

    @Test
    void shouldAgreeWithTheDefinition() {
        forAll((trial, which) -> {
            float[][] got = trial.run(2, Steps.whole(LENGTHS));
            for (int s = 0; s < LENGTHS.length; s++) {
                float[] wanted = trial.definition(s);
                assertThat(AttentionTrial.worst(got[s], wanted))
                        .as(which + " sequence=" + s)
                        .isLessThan(2e-5);
            }
        });
    }

    /** Whatever the steps are: few queries and many take other ways. */
    @Test
    void shouldBeNearTheDefinitionInFast() {
        forAll((trial, which) -> {
            for (List<int[]> steps : List.of(
                    Steps.whole(LENGTHS), Steps.random(new Random(SEED), LENGTHS), Steps.tokenByToken(LENGTHS))) {
                float[][] got = trial.run(Numerics.FAST, 2, steps);
                for (int s = 0; s < LENGTHS.length; s++) {
                    float[] wanted = trial.definition(s);
                    assertThat(AttentionTrial.worst(got[s], wanted))
                            .as(which + " sequence=" + s)
                            .isLessThan(0.05);
                }
            }
        });
    }

    @Test
    void shouldNotDependOnChunkingOrCompanyOrThreads() {
        forAll((trial, _) -> trial.checkStepsDoNotMatter(SEED, List.of(1, 2, 3, 4)));
    }
}
