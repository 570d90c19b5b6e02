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

/**
 * A few requests that begin alike, of one file's model under several recipes: greedy, exact, and long enough to be in each
 * other's way.
 *
 * @param shared tokens that their prompts begin with alike
 */
record Asking(Path file, int requests, int first, int each, int shared, int mostTokens) {
    static final int CONTEXT = 256;

    /** Writes the file of a model of made-up weights. */
    static Path write(Path folder, String shape) throws IOException {
        Path file = folder.resolve("m.gguf");
        Synth.write(shape, "q8_0", 3, file);
        return file;
    }

    Model open(ModelOptions options) throws IOException {
        return Model.open(file, options.withThreads(2).withContextLength(CONTEXT));
    }

    Model open(String recipe, int parallel, int stepTokens) throws IOException {
        return open(ModelOptions.defaults()
                .withParallel(parallel)
                .withStepTokens(stepTokens)
                .withKvRecipe(recipe));
    }

    Request request(int i) {
        int[] prompt = IntStream.range(0, first + each * i)
                .map(t -> (t * 37 + (t > shared ? i : 0)) % 500)
                .toArray();
        return Request.of(prompt)
                .withNumerics(Numerics.EXACT)
                .withSampling(Sampling.GREEDY)
                .withIgnoreEos(true)
                .withMaxTokens(Math.min(mostTokens, CONTEXT - prompt.length - 10));
    }

    static List<Integer> ids(Generation generation) {
        return generation.tokens().stream().map(Choice::token).toList();
    }

    List<List<Integer>> together(Model model) {
        List<Generation> running = new ArrayList<>();
        for (int i = 0; i < requests; i++) running.add(model.generate(request(i)));
        return running.stream().map(Asking::ids).toList();
    }

    List<List<Integer>> alone(Model model, boolean shares) {
        List<List<Integer>> all = new ArrayList<>();
        for (int i = 0; i < requests; i++) {
            all.add(ids(model.generate(request(i).withSharing(shares))));
        }
        return all;
    }

    List<List<Integer>> alone(Model model) {
        return alone(model, true);
    }

    /** Neither company changes an answer, nor short steps where all have too few pages and some give way. */
    void checkCompanyAndRoom(String recipe) throws IOException {
        List<List<Integer>> wanted;
        try (Model model = open(recipe, requests, CONTEXT)) {
            wanted = alone(model);
            assertThat(together(model)).as(recipe).isEqualTo(wanted);
        }
        try (Model model = open(recipe, 1, 24)) {
            assertThat(together(model)).as(recipe).isEqualTo(wanted);
        }
    }
}
