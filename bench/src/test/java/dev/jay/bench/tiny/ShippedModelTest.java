// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.tiny;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.bench.SkillAnswers;
import dev.jay.engine.Model;
import dev.jay.engine.ModelOptions;
import dev.jay.tensor.Shared;
import dev.jay.train.skill.ExamMode;
import dev.jay.train.skill.SkillExam;
import dev.jay.train.skill.Skills;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The model that comes with Jay is the one that its card speaks of: small, and it recalls. */
class ShippedModelTest {
    private static final Path FILE = Shared.root().resolve("app/src/main/model/jay-tiny.gguf");
    private static final int ITEMS = 20;

    @Test
    void shouldRecallWhatStandsAThousandTokensBack() throws IOException {
        assertThat(Files.size(FILE)).isLessThan(25_000_000L);
        try (Model model = Model.open(FILE, ModelOptions.defaults().withParallel(1))) {
            assertThat(model.contextLength()).isEqualTo(2048);
            for (String skill : new String[] {"needle", "key-value"}) {
                int right = new SkillExam(61, ITEMS, 32)
                        .right(Skills.ALL.make(skill), model.tokenizer(), 1024, new SkillAnswers(model));
                assertThat(right).as(skill + " of " + ITEMS).isGreaterThanOrEqualTo(ITEMS - 1);
            }
        }
    }

    /** Which heads must keep all comes with it; they do not go by the question, so one that comes later is answered too. */
    @Test
    void shouldRecallWithATenthOfTheBytesWhateverIsAskedLater() throws IOException {
        long full;
        try (Model model = Model.open(FILE, options("keys=f16 values=f16"))) {
            full = model.plan().setAside().get("kv-pages");
        }
        String few = "keys=rotated-q4_0 values=iq4_nl evict=window(budget=80,every=32,sinks=16) spread=heads(whole=25)";
        try (Model model = Model.open(FILE, options(few))) {
            assertThat(model.plan().setAside().get("kv-pages")).isLessThan(full / 9);
            int right = new SkillExam(61, ITEMS, 32)
                    .right(
                            Skills.ALL.make("key-value"),
                            model.tokenizer(),
                            1024,
                            ExamMode.SHARED,
                            new SkillAnswers(model));
            assertThat(right).isGreaterThanOrEqualTo(ITEMS - 2);
        }
    }

    private static ModelOptions options(String recipe) {
        return ModelOptions.defaults().withParallel(1).withContextLength(1088).withKvRecipe(recipe);
    }
}
