// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.engine.plan.JudgedRecipe;
import dev.jay.engine.plan.JudgedRecipes;
import dev.jay.engine.plan.Judgement;
import dev.jay.engine.plan.Plan;
import dev.jay.engine.plan.SomeRows;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Synth;
import dev.jay.tensor.memory.OutOfBudgetException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A model that is opened under a floor of quality, with judgements that the test states. */
@Timeout(120)
class KvFloorTest {
    private static final String F16 = "keys=f16 values=f16";

    @TempDir
    private Path folder;

    private Path file;
    private ModelOptions options;

    @BeforeEach
    void write() throws IOException {
        file = folder.resolve("m.gguf");
        Synth.write("llama-mini", "q8_0", 3, file);
        // each thread unpacks a piece of what is sealed: two of them take what few bits save of so short a context
        options = ModelOptions.defaults()
                .withContextLength(512)
                .withStepTokens(16)
                .withThreads(1);
        judge(SomeRows.FOUR, 0.985, SomeRows.TWO, 0.9, SomeRows.WINDOW, 0.4);
    }

    private void judge(Object... recipesAndQualities) throws IOException {
        Files.writeString(
                KvJudgements.beside(file),
                SomeRows.judgement(Fingerprint.of(file), recipesAndQualities).text());
    }

    /** With all weights in memory: steps of 16 tokens leave no choice. */
    private long needed(String recipe) throws IOException {
        try (Planning planning = Planning.open(file, options.withKvRecipe(recipe))) {
            assertThat(planning.plan().setup().streamed()).isFalse();
            return planning.plan().neededBytes();
        }
    }

    private KvFloor chosen(double floor, long budget) throws IOException {
        try (Model model = Model.open(file, options.withQuality(floor).withBudgetBytes(budget))) {
            assertThat(model.plan().fits()).isTrue();
            assertThat(model.contextLength()).isEqualTo(512);
            assertThat(model.plan().chosen())
                    .filteredOn(c -> c.mechanism().equals("kv-recipe"))
                    .singleElement()
                    .satisfies(c -> assertThat(c.why())
                            .contains(model.kvFloor().orElseThrow().recipe()));
            int[] prompt = IntStream.range(1, 40).toArray();
            try (Generation answer =
                    model.generate(Request.of(prompt).withMaxTokens(3).withIgnoreEos(true))) {
                answer.text();
            }
            String kept = model.kvFloor().orElseThrow().recipe();
            assertThat(model.describe()).contains("kv for FAST: " + kept, "kv for EXACT: " + kept);
            return model.kvFloor().orElseThrow();
        }
    }

    @Test
    void shouldOpenWithTheBestThatFits() throws IOException {
        long full = needed(F16);
        long four = needed(SomeRows.FOUR);
        long two = needed(SomeRows.TWO);
        assertThat(two).isLessThan(four);
        assertThat(four).isLessThan(full);
        assertThat(chosen(0.5, full)).satisfies(f -> {
            assertThat(f.recipe()).isEqualTo(F16);
            assertThat(f.quality()).isEqualTo(1);
            assertThat(f.isOwn()).isTrue();
        });
        assertThat(chosen(0.5, full - 1)).satisfies(f -> {
            assertThat(f.recipe()).isEqualTo(SomeRows.FOUR);
            assertThat(f.quality()).isEqualTo(0.985);
            assertThat(f.worst()).isEqualTo("needle (turn-2)");
            assertThat(f.judgedAt()).isEqualTo(SomeRows.CONTEXT);
            assertThat(f.judged()).isEqualTo("judged on this model");
        });
        assertThat(chosen(0.5, four).recipe()).isEqualTo(SomeRows.FOUR);
        assertThat(chosen(0.5, four - 1).recipe()).isEqualTo(SomeRows.TWO);
        assertThat(chosen(0.98, four - 1).quality())
                .as("weights are read for every pass before the floor gives way")
                .isGreaterThanOrEqualTo(0.98);
    }

    @Test
    void shouldShowWhatEachWayCostsAndLoses() throws IOException {
        long budget = needed(SomeRows.FOUR);
        try (Planning planning = Planning.open(file, options.withQuality(0.95).withBudgetBytes(budget))) {
            List<KvFloor.Point> points = planning.kvCurve(planning.plan());
            assertThat(points).extracting(KvFloor.Point::recipe).contains(F16, SomeRows.FOUR, SomeRows.TWO);
            for (int i = 1; i < points.size(); i++) {
                assertThat(points.get(i).quality()).isLessThan(points.get(i - 1).quality());
                assertThat(points.get(i).sequenceBytes())
                        .isLessThan(points.get(i - 1).sequenceBytes());
            }
            assertThat(points)
                    .filteredOn(KvFloor.Point::isChosen)
                    .singleElement()
                    .satisfies(p -> {
                        assertThat(p.recipe()).isEqualTo(SomeRows.FOUR);
                        assertThat(p.sequenceBytes())
                                .isEqualTo(planning.plan().setAside().get("kv-pages"));
                        assertThat(p.parallel()).isEqualTo(1);
                        assertThat(p.decodeRatio()).isEqualTo(0.9);
                    });
            assertThat(points.getFirst().parallel()).as("f16").isZero();
            assertThat(points).filteredOn(KvFloor.Point::isAboveFloor).hasSize(2);
        }
    }

    @Test
    void shouldRefuseWithEveryKnobWhereNothingAboveTheFloorFits() throws IOException {
        ModelOptions little = options.withQuality(0.95).withParallel(64).withBudgetBytes(needed(F16));
        assertThatThrownBy(() -> Model.open(file, little))
                .isInstanceOf(OutOfBudgetException.class)
                .hasMessageContaining("--quality 0.95 or more")
                .hasMessageContaining("raise --memory by")
                .hasMessageContaining("--parallel");
        try (Planning planning = Planning.open(file, little)) {
            Plan plan = planning.plan();
            assertThat(plan.fits()).isFalse();
            assertThat(planning.kvFloor().orElseThrow().recipe()).isEqualTo(SomeRows.FOUR);
            try (Model model = Model.open(file, little.withBudgetBytes(plan.neededBytes()))) {
                assertThat(model.kvFloor().orElseThrow().recipe())
                        .as("as much as was said does")
                        .isEqualTo(SomeRows.FOUR);
            }
        }
    }

    @Test
    void shouldHoldANamedRecipeAgainstTheFloor() throws IOException {
        ModelOptions floor = options.withQuality(0.98);
        try (Model model = Model.open(file, floor.withKvRecipe(SomeRows.FOUR))) {
            assertThat(model.kvFloor().orElseThrow().quality()).isEqualTo(0.985);
        }
        assertThatThrownBy(() -> Model.open(file, floor.withKvRecipe(SomeRows.TWO)))
                .isInstanceOf(BelowFloorException.class)
                .hasMessageContaining("was judged 0.9000 (needle (turn-2), on this model)")
                .hasMessageContaining("wanted --quality 0.98");
        assertThatThrownBy(() -> Model.open(file, floor.withKvRecipe("keys=bf16 values=bf16")))
                .isInstanceOf(BelowFloorException.class)
                .hasMessageContaining("was never judged for a context of 512")
                .hasMessageContaining("jay bench kv");
        ModelOptions low = options.withQuality(0.3);
        assertThatThrownBy(() -> Model.open(file, low.withKvRecipe(SomeRows.WINDOW)))
                .as("64 of 256 are not 64 of 512")
                .isInstanceOf(BelowFloorException.class);
        String wider = SomeRows.WINDOW.replace("budget=64", "budget=128");
        try (Model model = Model.open(file, low.withKvRecipe(wider))) {
            assertThat(model.kvFloor().orElseThrow().quality()).isEqualTo(0.4);
        }
    }

    @Test
    void shouldSkipWhatDoesNotFitTheModelAndSayWhy() throws IOException {
        String wide = "keys=f16 values=per-token(bits=4,span=256)";
        judge(wide, 0.999, "keys=f17 values=f16", 0.999, SomeRows.FOUR, 0.97);
        assertThat(chosen(0.9, needed(F16) - 1)).satisfies(f -> {
            assertThat(f.recipe()).isEqualTo(SomeRows.FOUR);
            assertThat(f.skipped())
                    .extracting(JudgedRecipes.Skipped::recipe)
                    .containsExactlyInAnyOrder(wide, "keys=f17 values=f16");
        });
    }

    @Test
    void shouldPassOverAnothersJudgementAndRefuseABrokenOne() throws IOException {
        Path beside = KvJudgements.beside(file);
        String own = Files.readString(beside);
        Files.writeString(beside, own.replace(Fingerprint.of(file), "0".repeat(64)));
        KvFloor floor = chosen(0.9, Long.MAX_VALUE);
        assertThat(floor.isOwn()).isFalse();
        assertThat(floor.note())
                .contains("m.gguf.kv.json is passed over: it judges another model, 'judged.gguf'", "jay bench kv");

        Files.writeString(beside, own.substring(0, own.length() / 2));
        assertThatThrownBy(() -> Model.open(file, options.withQuality(0.9)))
                .isInstanceOf(MalformedModelException.class)
                .hasMessageContaining("m.gguf.kv.json");
        try (var out = Files.newOutputStream(beside)) {
            for (int i = 0; i <= Judgement.MOST_BYTES >> 20; i++) out.write(new byte[1 << 20]);
        }
        assertThatThrownBy(() -> Model.open(file, options.withQuality(0.9)))
                .isInstanceOf(MalformedModelException.class)
                .hasMessageContaining("allowed: at most");
        try (Model model = Model.open(file, options)) {
            assertThat(model.kvFloor()).as("nobody asked").isEmpty();
        }
    }

    @Test
    void shouldFallBackOnWhatIsBuiltInAndSaySo() throws IOException {
        Files.delete(KvJudgements.beside(file));
        String print = Fingerprint.of(file);
        byte[] tiny =
                SomeRows.judgement("0".repeat(64), SomeRows.FOUR, 0.96).text().getBytes(StandardCharsets.UTF_8);
        KvJudgements.Found others = KvJudgements.find(file, print, () -> new ByteArrayInputStream(tiny));
        assertThat(others.isOwn()).isFalse();
        assertThat(others.model()).isEqualTo("judged.gguf");
        assertThat(others.recipes().judged()).hasSize(2);
        assertThat(others.note()).contains("this model was not judged", "--write " + file + ".kv.json");
        assertThat(KvJudgements.find(file, "0".repeat(64), () -> new ByteArrayInputStream(tiny))
                        .isOwn())
                .isTrue();

        KvJudgements.Found nothing = KvJudgements.find(file, print, () -> null);
        assertThat(nothing.recipes().judged()).containsExactly(JudgedRecipe.FULL);
        assertThat(nothing.note()).contains("nothing was judged, so f16 alone counts", "jay bench kv");
    }

    @Test
    void shouldReadTheBuiltInJudgementWhereThereIsOne() throws IOException {
        try (var in = KvJudgements.builtIn()) {
            if (in == null) return; // jay-tiny has not been judged yet
            Judgement tiny = Judgement.parse(in.readAllBytes(), KvJudgements.RESOURCE);
            assertThat(JudgedRecipes.of(tiny).judged()).hasSizeGreaterThan(1);
        }
    }

    @Test
    void shouldKeepTheSharePromisedInAContextThatWasNotNamed() throws IOException {
        judge(SomeRows.WINDOW, 0.95);
        ModelOptions open = ModelOptions.defaults().withStepTokens(16).withQuality(0.9);
        long most;
        try (Planning planning = Planning.open(file, open)) {
            most = planning.plan().neededBytes();
        }
        int budgeted = 0;
        for (long budget = most - 1; budget > most - 500_000; budget -= 90_000) {
            try (Planning planning = Planning.open(file, open.withBudgetBytes(budget))) {
                int context = planning.plan().setup().contextLength();
                String recipe = planning.kvFloor().orElseThrow().recipe();
                if (!recipe.contains("budget=")) continue;
                budgeted++;
                int kept = Integer.parseInt(recipe.replaceFirst(".*budget=([0-9]+).*", "$1"));
                assertThat(4L * kept).isGreaterThanOrEqualTo(context);
                if (planning.plan().fits()) {
                    assertThat(planning.mostContext(planning.plan())).isEqualTo(context);
                }
            }
        }
        assertThat(budgeted).isPositive();
    }

    @Test
    void shouldRecogniseAModelWhereverItLies() throws IOException {
        Path copy = Files.copy(file, folder.resolve("other-name.gguf"));
        assertThat(Fingerprint.of(copy)).isEqualTo(Fingerprint.of(file)).hasSize(64);
        Path another = folder.resolve("another.gguf");
        Synth.write("llama-mini", "q8_0", 4, another);
        assertThat(Fingerprint.of(another)).isNotEqualTo(Fingerprint.of(file));
    }

    @Test
    void shouldRefuseFloorsThatAreNone() {
        for (double floor : new double[] {-0.1, 1.1, Double.NaN}) {
            assertThatThrownBy(() -> options.withQuality(floor)).hasMessageContaining("allowed: 0 to 1");
        }
    }
}
