// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench;

import dev.jay.engine.Generation;
import dev.jay.engine.Model;
import dev.jay.engine.Request;
import dev.jay.engine.sample.Sampling;
import dev.jay.train.skill.SkillExam;

/** What a model answers, greedily and on one line. */
public record SkillAnswers(Model model) implements SkillExam.Asked {
    @Override
    public String answer(int[] prompt, int[] promptEnds, int most) {
        Request request = Request.of(prompt)
                .withPromptEnds(promptEnds)
                .withSampling(Sampling.GREEDY)
                .withMaxTokens(most)
                .withStops("\n");
        try (Generation generation = model.generate(request)) {
            return generation.text();
        }
    }
}
