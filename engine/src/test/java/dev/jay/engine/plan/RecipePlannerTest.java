// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.kv.KvRecipe;
import dev.jay.tensor.memory.OutOfBudgetException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Which recipe is taken, by sums that a reader can check: 100 MiB of weights, 16 KiB a token at f16. */
class RecipePlannerTest {
    private static final long MIB = 1 << 20;
    private static final Wishes WISHES = new Wishes(OptionalInt.of(4096), 4096, 1, 16);
    private static final String MISFIT = "keys=q8_0 values=q8_0";

    /** f16 takes 64 MiB for 4096 tokens, 4 bits a quarter, 2 bits an eighth, a window what it keeps. */
    private record Sums(KvRecipe recipe) implements Needs {
        @Override
        public long weightBytes() {
            return 100 * MIB;
        }

        @Override
        public List<Long> parts() {
            return Collections.nCopies(10, 10 * MIB);
        }

        @Override
        public Map<String, Long> taken() {
            return Map.of();
        }

        @Override
        public Working working(Setup s) {
            return new Working(bytes(recipe, s.contextLength()) * s.parallel(), 0, 0);
        }

        @Override
        public Arithmetic arithmetic() {
            throw new UnsupportedOperationException();
        }
    }

    private static long bytes(KvRecipe recipe, int tokens) {
        int kept = recipe.eviction().map(e -> e.budget().tokens()).orElse(tokens);
        int divided = recipe.keys().name().contains("bits=4")
                ? 4
                : recipe.keys().name().contains("bits=2") ? 8 : 1;
        return 16384L / divided * Math.min(kept, tokens);
    }

    private static List<JudgedRecipe> judged(Object... recipesAndQualities) {
        return JudgedRecipes.of(SomeRows.judgement("ab", recipesAndQualities)).judged();
    }

    private static final List<JudgedRecipe> ALL =
            judged(SomeRows.FOUR, 0.99, SomeRows.TWO, 0.8, SomeRows.WINDOW, 0.5, MISFIT, 0.995);

    private static RecipePlanner planner(double floor, long mib, Wishes wishes) {
        int context = wishes.context().orElse(wishes.mostContext());
        List<JudgedRecipe> curve = RecipePlanner.curve(ALL, context, (r, tokens) -> bytes(r, tokens));
        return new RecipePlanner(
                floor,
                curve,
                wishes,
                (recipe, w) -> recipe.toString().equals(MISFIT)
                        ? Optional.empty()
                        : Optional.of(Planner.plan(new Sums(recipe), mib * MIB, w)));
    }

    private static String chosen(double floor, long mib, Wishes wishes) {
        RecipePlanner.Chosen chosen = planner(floor, mib, wishes).choose();
        assertThat(chosen.plan().fits()).isTrue();
        assertThat(chosen.judged().quality()).isGreaterThanOrEqualTo(floor);
        return chosen.recipe().toString();
    }

    @Test
    void shouldTakeTheBestThatFitsAndWorseOnesOnlyWhereItDoesNot() {
        assertThat(chosen(0.5, 165, WISHES)).as("100 + 64 + 1").isEqualTo("keys=f16 values=f16");
        assertThat(chosen(0.5, 164, WISHES)).isEqualTo(SomeRows.FOUR);
        assertThat(chosen(0.5, 117, WISHES)).as("100 + 16 + 1").isEqualTo(SomeRows.FOUR);
        assertThat(chosen(0.5, 116, WISHES)).isEqualTo(SomeRows.TWO);
        assertThat(chosen(0.5, 109, WISHES)).as("100 + 8 + 1").isEqualTo(SomeRows.TWO);
    }

    @Test
    void shouldNeverGoBelowTheFloorButReadWeightsForEveryPassInstead() {
        RecipePlanner.Chosen streamed = planner(0.9, 116, WISHES).choose();
        assertThat(streamed.plan().fits()).isTrue();
        assertThat(streamed.plan().setup().streamed()).isTrue();
        assertThat(streamed.recipe().toString()).isEqualTo("keys=f16 values=f16");
        for (double floor : new double[] {0, 0.5, 0.8, 0.81, 0.99, 1}) {
            for (long mib = 1; mib < 180; mib++) {
                assertThat(planner(floor, mib, WISHES).choose().judged().quality())
                        .isGreaterThanOrEqualTo(floor);
            }
        }
    }

    @Test
    void shouldKeepTheWindowsShareInWhateverContextItEndsUpWith() {
        List<JudgedRecipe> curve = judged(SomeRows.WINDOW, 0.9);
        Wishes any = new Wishes(OptionalInt.empty(), 4096, 1, 16);
        for (long mib = 5; mib < 170; mib++) {
            long budget = mib * MIB;
            RecipePlanner.Chosen chosen = new RecipePlanner(
                            0.9, curve, any, (recipe, w) -> Optional.of(Planner.plan(new Sums(recipe), budget, w)))
                    .choose();
            int kept = chosen.recipe().eviction().map(e -> e.budget().tokens()).orElse(chosen.context());
            assertThat(4L * kept).as(mib + " MiB").isGreaterThanOrEqualTo(chosen.context());
        }
    }

    @Test
    void shouldShortenAContextOnlyWhereNoneWasNamedAndNoRecipeHelps() {
        Wishes any = new Wishes(OptionalInt.empty(), 4096, 1, 16);
        assertThat(planner(0.99, 117, any).choose().context()).isEqualTo(4096);
        RecipePlanner.Chosen shorter = planner(0.99, 116, any).choose();
        assertThat(shorter.context()).isEqualTo(2048);
        assertThat(shorter.plan().setup().streamed()).isFalse();
    }

    @Test
    void shouldLeaveOutOfTheCurveWhatIsWorseAndDearer() {
        List<JudgedRecipe> all = new ArrayList<>(ALL);
        all.addAll(judged("keys=rotated(bits=4) values=per-token(bits=4)", 0.98).subList(1, 2));
        List<JudgedRecipe> curve = RecipePlanner.curve(all, 4096, (r, tokens) -> bytes(r, tokens));
        assertThat(curve)
                .extracting(j -> j.recipe().toString())
                .containsExactly("keys=f16 values=f16", SomeRows.FOUR, SomeRows.TWO);
        assertThat(curve).extracting(JudgedRecipe::quality).isSortedAccordingTo((a, b) -> Double.compare(b, a));
        assertThat(RecipePlanner.curve(List.of(JudgedRecipe.FULL), 64, (r, t) -> 7))
                .hasSize(1);
    }

    @Test
    void shouldCountHowManySequencesFit() {
        RecipePlanner planner = planner(0.5, 180, WISHES);
        Plan like = planner.choose().plan();
        assertThat(planner.mostParallel(JudgedRecipe.FULL, like, 100))
                .as("79 / 64")
                .isEqualTo(1);
        assertThat(planner.mostParallel(ALL.get(1), like, 100)).as("79 / 16").isEqualTo(4);
        assertThat(planner.mostParallel(ALL.get(1), like, 3)).isEqualTo(3);
    }

    @Test
    void shouldNameEveryKnobAndWhatWouldDo() {
        Wishes two = WISHES.withParallel(2); // streamed weights take 20 MiB
        RecipePlanner planner = planner(0.9, 40, two);
        RecipePlanner.Chosen least = planner.choose();
        assertThat(least.plan().fits()).isFalse();
        OutOfBudgetException refusal = planner.refusal(least, "judged elsewhere");
        assertThat(refusal)
                .hasMessageContaining("--quality 0.9 or more")
                .hasMessageContaining("with '" + SomeRows.FOUR + "' (quality 0.99)")
                .hasMessageContaining("raise --memory by 13 MiB") // 20 + 2 x 16 + 1
                .hasMessageContaining("lower --quality to 0.8 ('" + SomeRows.TWO + "')")
                .hasMessageContaining("--context to 2048")
                .hasMessageContaining("--parallel")
                .hasMessageContaining("judged elsewhere");
        assertThat(planner(0.9, 53, two).choose().plan().fits()).isTrue();
        assertThat(planner(0.9, 52, two).choose().plan().fits()).isFalse();
        assertThat(planner(0.8, 40, two).choose().plan().fits()).isTrue();
        assertThat(planner(0.9, 40, two.withContext(2048)).choose().plan().fits())
                .isTrue();
    }
}
