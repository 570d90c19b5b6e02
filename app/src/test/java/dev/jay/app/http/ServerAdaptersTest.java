// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.engine.AdapterFile;
import dev.jay.engine.Model;
import dev.jay.engine.ModelOptions;
import dev.jay.model.load.SynthAdapters;
import dev.jay.model.load.SynthFiles;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Adapters of a real model over HTTP, in llama-server's words. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ServerAdaptersTest {
    private static final String ADAPTERS = "/lora-adapters";
    private Model model;
    private Talk talk;

    @BeforeAll
    void serve(@TempDir Path folder) throws IOException {
        Path file = SynthFiles.write(folder.resolve("m.gguf"), Map.of());
        Path one = SynthAdapters.write(folder.resolve("one.gguf"), file, 1);
        Path two = SynthAdapters.write(folder.resolve("two.gguf"), file, 2);
        model = Model.open(
                file,
                ModelOptions.defaults()
                        .withAdapters(List.of(new AdapterFile("terse", one, 0), new AdapterFile("rude", two, 0))));
        talk = new Talk(model, o -> o);
    }

    @AfterAll
    void stop() {
        talk.close();
        model.close();
    }

    private String answer(String more) throws Exception {
        String body = "{\"prompt\":\"once upon a time\",\"max_tokens\":16,\"temperature\":0,\"ignore_eos\":true,"
                + "\"numerics\":\"exact\"" + more + "}";
        HttpResponse<String> response = talk.post("/v1/completions", body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return Talk.tree(response).at("/choices/0/text").stringValue();
    }

    @Test
    void shouldRunEachRequestWithTheAdaptersItNames() throws Exception {
        String plain = answer("");
        String terse = answer(",\"lora\":[{\"id\":0,\"scale\":1.0}]");
        String both = answer(",\"lora\":[{\"id\":0,\"scale\":1.0},{\"id\":1,\"scale\":0.5}]");
        assertThat(List.of(plain, terse, both)).doesNotHaveDuplicates();
        assertThat(answer(",\"lora\":[{\"id\":\"terse\",\"scale\":1.0}]")).isEqualTo(terse);
        assertThat(answer(",\"lora\":[]")).isEqualTo(plain);

        assertThat(talk.post(ADAPTERS, "[{\"id\":0,\"scale\":1.0}]").body()).isEqualTo("{\"success\":true}");
        JsonNode list = Talk.tree(talk.get(ADAPTERS));
        assertThat(list.at("/0/scale").doubleValue()).isEqualTo(1);
        assertThat(list.at("/0/name").stringValue()).isEqualTo("terse");
        assertThat(list.at("/1/id").intValue()).isEqualTo(1);
        assertThat(list.at("/1/path").stringValue()).endsWith("two.gguf");
        assertThat(list.at("/1/scale").doubleValue()).isZero();
        assertThat(answer("")).isEqualTo(terse);
        assertThat(answer(",\"lora\":[]")).as("a request's own list wins").isEqualTo(plain);
        assertThat(talk.post(ADAPTERS, "[]").statusCode()).isEqualTo(200);
        assertThat(answer("")).isEqualTo(plain);
    }

    @Test
    void shouldRefuseWhatIsNoAdapterOrNoScale() throws Exception {
        for (String wrong : List.of(
                "[{\"id\":2,\"scale\":1}]",
                "[{\"id\":\"nobody\",\"scale\":1}]",
                "[{\"scale\":1}]",
                "[{\"id\":0,\"scale\":\"much\"}]",
                "[{\"id\":0,\"scale\":1},{\"id\":0,\"scale\":2}]",
                "[3]",
                "[",
                "{\"id\":0}")) {
            HttpResponse<String> response = talk.post(ADAPTERS, wrong);
            assertThat(response.statusCode()).as(wrong + response.body()).isEqualTo(400);
        }
        HttpResponse<String> other = talk.post(
                "/v1/chat/completions",
                "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"lora\":[{\"id\":9,\"scale\":1}]}");
        assertThat(Talk.tree(other).at("/error/message").stringValue()).contains("allowed: 0 to 1", "terse");
        assertThat(Talk.tree(talk.get(ADAPTERS)).at("/0/scale").doubleValue()).isZero();
    }
}
