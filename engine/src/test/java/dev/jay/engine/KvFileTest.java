// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.engine.plan.Probe;
import dev.jay.engine.sample.Sampling;
import dev.jay.kv.tier.WrongKvFileException;
import dev.jay.tensor.Shared;
import dev.jay.tensor.kernel.Numerics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real model and a file for its prefixes. */
class KvFileTest {
    @TempDir
    private Path folder;

    private Model open(ModelOptions options) throws Exception {
        return Model.open(
                Shared.data("0-stories260K/stories260K.gguf"),
                options.withContextLength(128).withParallel(1));
    }

    private ModelOptions withFile() {
        return ModelOptions.defaults().withKvFile(folder.resolve("kv"));
    }

    private static List<Request> requests(Model model) {
        List<Request> all = new ArrayList<>();
        for (String name : List.of("Lily", "Tom", "Anna", "Max", "Ben")) {
            String text = "Once upon a time there was a child called " + name + " who had a big red ball and a small"
                    + " dog. They played in the park every day, and";
            for (Numerics numerics : Numerics.values()) {
                all.add(Request.of(model.tokenize(text))
                        .withSampling(Sampling.GREEDY)
                        .withNumerics(numerics)
                        .withLogprobs(2)
                        .withMaxTokens(20));
            }
        }
        return all;
    }

    private static List<Object> run(Model model, Request request) {
        try (Generation generation = model.generate(request)) {
            return List.of(generation.text(), generation.tokens());
        }
    }

    @Test
    void demotionAndRestartChangeNoBitOfAnExactAnswer() throws Exception {
        List<List<Object>> wanted = new ArrayList<>();
        try (Model plain = open(ModelOptions.defaults())) {
            for (Request r : requests(plain)) wanted.add(run(plain, r.withSharing(false)));
        }
        for (int restart = 0; restart < 3; restart++) {
            try (Model model = open(withFile())) { // room for one sequence: each sends the one before to the file
                List<Request> requests = requests(model);
                for (int i = 0; i < requests.size(); i++) {
                    List<Object> got = run(model, requests.get(i));
                    if (requests.get(i).numerics() == Numerics.EXACT)
                        assertThat(got).isEqualTo(wanted.get(i));
                    else assertThat(got.get(0)).isEqualTo(wanted.get(i).get(0));
                }
                if (restart > 0) {
                    EngineStatus status = model.status();
                    assertThat(status.tier().read()).isPositive();
                    assertThat(status.reusedTokens()).isGreaterThan(status.promptTokens());
                }
            }
        }
    }

    /** Of a machine that does so many operations a second, and reads so many bytes where the file is. */
    private Probe probe(String machine, double operations, double disk) throws IOException {
        Map<String, Double> each = Map.of("f32", operations);
        return new Probe(machine, Map.of(), each, each, each, each, each, operations, operations, 1, 1e-9, operations)
                .withDiskRate(Files.getFileStore(folder).toString(), disk);
    }

    private long read(double operations, double disk) throws Exception {
        Probe made = probe("any", operations, disk);
        try (Model model = open(withFile().withProbes(_ -> Optional.of(made)))) {
            for (Request r : requests(model)) {
                if (r.numerics() != Numerics.EXACT) continue;
                try (Model plain = open(ModelOptions.defaults())) {
                    assertThat(run(model, r)).isEqualTo(run(plain, r.withSharing(false)));
                }
            }
            return model.status().tier().read();
        }
    }

    @Test
    void whatIsCheaperIsTakenAndNoBitOfAnAnswerDiffers() throws Exception {
        read(1e3, 1e12); // the file has something from here on
        assertThat(read(1e12, 1e3)).as("a slow disk").isZero();
        assertThat(read(1e3, 1e12)).as("a slow processor").isPositive();
    }

    @Test
    void aFileWrittenWithKeysAndValuesKeptOtherwiseIsRefused() throws Exception {
        try (Model model = open(withFile())) {
            run(model, requests(model).getFirst());
        }
        assertThatThrownBy(() -> open(withFile().withKvRecipe("keys=bf16 values=bf16")))
                .isInstanceOf(WrongKvFileException.class);
        try (Model model = open(withFile())) {
            run(model, requests(model).getFirst());
            assertThat(model.status().tier().read()).isPositive();
        }
    }
}
