// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.engine.Fingerprint;
import dev.jay.engine.KvJudgements;
import dev.jay.engine.Model;
import dev.jay.engine.ModelOptions;
import dev.jay.engine.Planning;
import dev.jay.engine.plan.JudgedRow;
import dev.jay.engine.plan.Judgement;
import dev.jay.model.load.SynthFiles;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A server that was told how much may be lost loses no more, whoever asks and however many. */
@Timeout(120)
class ServerFloorTest {
    private static final String FOUR = "keys=per-channel(bits=4) values=per-token(bits=4,span=16)";
    private static final String TWO = "keys=per-channel(bits=2) values=per-token(bits=2,span=16)";

    private Model model;
    private Talk talk;

    @BeforeEach
    void serve(@TempDir Path folder) throws IOException {
        Path file = SynthFiles.write(folder.resolve("m.gguf"), Map.of());
        List<JudgedRow> rows = new ArrayList<>();
        for (String recipe : List.of(FOUR, TWO)) {
            double quality = recipe.equals(FOUR) ? 0.99 : 0.7;
            rows.add(new JudgedRow(recipe, Judgement.PERPLEXITY, "text", 256, 9, 1, quality, 1, 1, 1, 1, 1));
            rows.add(new JudgedRow(recipe, "needle", "single", 256, 9, 1, quality, 1, 1, 1, 1, 1));
        }
        Files.writeString(KvJudgements.beside(file), new Judgement(Fingerprint.of(file), "m.gguf", rows).text());
        // room for one sequence in four bits; more threads would take more to unpack them than that saves of so few
        ModelOptions options = ModelOptions.defaults()
                .withContextLength(512)
                .withStepTokens(16)
                .withThreads(1);
        long budget;
        try (Planning planning = Planning.open(file, options.withKvRecipe(FOUR))) {
            budget = planning.plan().neededBytes();
        }
        model = Model.open(file, options.withQuality(0.98).withBudgetBytes(budget));
        talk = new Talk(model, o -> o);
    }

    @AfterEach
    void stop() {
        talk.close();
        model.close();
    }

    private JsonNode floor() throws Exception {
        return Talk.tree(talk.get("/v1/memory")).at("/models/0/kv_floor");
    }

    /** Of 20 words and 20 tokens of answer, each other ones. */
    private static String ask(int who, String more) {
        return "{\"prompt\":\"" + ("word" + who + " ").repeat(20)
                + "\",\"max_tokens\":20,\"temperature\":0,\"ignore_eos\":true,\"numerics\":\"exact\"" + more + "}";
    }

    private String answer(String body) {
        try {
            HttpResponse<String> response = talk.post("/v1/completions", body);
            assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
            return Talk.tree(response).at("/choices/0/text").asString();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void shouldSayWhatItKeepsToAndLoseNoMoreWhenPagesAreShort() throws Exception {
        assertThat(floor().get("quality").asDouble()).isEqualTo(0.98);
        assertThat(floor().get("recipe").asString()).isEqualTo(FOUR);
        assertThat(floor().get("judged_quality").asDouble()).isEqualTo(0.99);
        assertThat(floor().get("is_own").asBoolean()).isTrue();

        List<String> alone = new ArrayList<>();
        for (int i = 0; i < 6; i++) alone.add(answer(ask(i, "")));
        List<CompletableFuture<String>> together = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            String body = ask(i, "");
            together.add(CompletableFuture.supplyAsync(() -> answer(body)));
        }
        for (int i = 0; i < 6; i++)
            assertThat(together.get(i).get()).as("answer " + i).isEqualTo(alone.get(i));
        assertThat(floor().get("recipe").asString()).isEqualTo(FOUR);
    }

    @Test
    void shouldRefuseARequestThatWouldKeepThemOtherwise() throws Exception {
        for (String field : List.of("kv", "cache_type_k", "cache_type_v")) {
            for (String path : List.of("/v1/completions", "/v1/chat/completions")) {
                String body = path.contains("chat")
                        ? "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"max_tokens\":2,\"" + field
                                + "\":\"q2\"}"
                        : "{\"prompt\":\"a\",\"max_tokens\":2,\"" + field + "\":\"q2\"}";
                HttpResponse<String> refused = talk.post(path, body);
                assertThat(refused.statusCode()).as(path + " " + field).isEqualTo(400);
                assertThat(refused.body()).contains(field);
            }
        }
        assertThat(floor().get("recipe").asString()).isEqualTo(FOUR);
    }
}
