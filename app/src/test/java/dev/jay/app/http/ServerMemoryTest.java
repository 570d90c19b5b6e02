// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.engine.Model;
import dev.jay.engine.ModelOptions;
import dev.jay.model.load.SynthFiles;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Keys and values that nobody uses leave memory when somebody asks, and come back when they are wanted. */
class ServerMemoryTest {
    private static final String EVICT = "/v1/memory/evict";
    private static final String ASK = "{\"prompt\":\"" + "once upon a time ".repeat(12)
            + "\",\"max_tokens\":4,\"temperature\":0,\"ignore_eos\":true,\"numerics\":\"exact\"}";
    private Model model;
    private Talk talk;

    @BeforeEach
    void serve(@TempDir Path folder) throws IOException {
        Path file = SynthFiles.write(folder.resolve("m.gguf"), Map.of());
        model = Model.open(file, ModelOptions.defaults().withContextLength(512).withKvFile(folder.resolve("kv")));
        talk = new Talk(model, o -> o);
    }

    @AfterEach
    void stop() {
        talk.close();
        model.close();
    }

    private JsonNode post(String path, String body, int status) throws Exception {
        HttpResponse<String> response = talk.post(path, body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        return Talk.tree(response);
    }

    private JsonNode books() throws Exception {
        return Talk.tree(talk.get("/v1/memory"));
    }

    /** Pages of the answer's prompt, once the step that ended it is over: that may be after it was read. */
    private int cached() throws Exception {
        for (long end = System.nanoTime() + 20_000_000_000L; ; Thread.onSpinWait()) {
            int cached = books().at("/kv_pages/cached").asInt();
            if (cached > 0 || System.nanoTime() > end) return cached;
        }
    }

    @Test
    void shouldLetGoOfWhatIsIdleAndTakeItUpAgain() throws Exception {
        JsonNode first = post("/v1/completions", ASK, 200);
        assertThat(cached()).isPositive();
        long all = post(EVICT, "{}", 200).get("evicted_bytes").asLong();
        assertThat(all).isPositive();
        assertThat(books().at("/kv_pages/cached").asInt()).isZero();
        assertThat(books().at("/kv_pages/free")).isEqualTo(books().at("/kv_pages/all"));
        assertThat(post(EVICT, "{}", 200).get("evicted_bytes").asLong()).isZero();
        JsonNode again = post("/v1/completions", ASK, 200);
        assertThat(again.at("/choices/0/text")).isEqualTo(first.at("/choices/0/text"));
        assertThat(books().at("/kv_file/promoted").asLong()).isPositive();
    }

    @Test
    void shouldLetGoOfNoMoreThanIsAskedFor() throws Exception {
        post("/v1/completions", ASK, 200);
        int cached = cached();
        assertThat(cached).isGreaterThan(1);
        long some = post(EVICT, "{\"bytes\":1}", 200).get("evicted_bytes").asLong();
        assertThat(some).isPositive();
        assertThat(books().at("/kv_pages/cached").asInt()).isBetween(1, cached - 1);
        JsonNode refused = post(EVICT, "{\"bytes\":0}", 400);
        assertThat(refused.at("/error/message").asString()).contains("bytes: got 0, allowed: 1 or more");
    }
}
