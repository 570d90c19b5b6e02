// SPDX-License-Identifier: Apache-2.0
package dev.jay.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.errors.NotFoundException;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.models.Model;
import dev.jay.app.http.Server;
import dev.jay.app.http.ServerOptions;
import dev.jay.app.resident.FileSource;
import dev.jay.app.resident.KeepAlive;
import dev.jay.app.resident.Residents;
import dev.jay.engine.ModelOptions;
import dev.jay.model.load.SynthFiles;
import dev.langchain4j.model.ollama.OllamaChatModel;
import dev.langchain4j.model.ollama.OllamaModel;
import dev.langchain4j.model.ollama.OllamaModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Clients that choose among models, in a budget that holds one at a time. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SeveralModelsTest {
    private static final List<String> NAMES = List.of("oak", "pine");

    private Residents residents;
    private Server server;
    private String root;

    @BeforeAll
    void serve(@TempDir Path folder) throws IOException {
        List<FileSource> sources = new ArrayList<>();
        long most = 0;
        for (String name : NAMES) {
            double base = 500 + 4000 * sources.size();
            Path file = SynthFiles.write(folder.resolve(name + ".gguf"), Map.of("llama.rope.freq_base", base));
            sources.add(new FileSource(name, file, ModelOptions.defaults()));
            most = Math.max(
                    most,
                    sources.getLast()
                            .neededBytes(Long.MAX_VALUE, Long.MAX_VALUE)
                            .orElseThrow());
        }
        residents = new Residents(sources, most * 3 / 2, KeepAlive.DEFAULT, System::nanoTime);
        server = Server.start(residents, ServerOptions.DEFAULT.withListening("127.0.0.1", 0));
        root = "http://127.0.0.1:" + server.port();
    }

    @AfterAll
    void stop() {
        server.close();
        residents.close();
    }

    @Test
    void shouldBeListedAndAnswerByTheirNames() {
        OpenAIClient client = OpenAIOkHttpClient.builder()
                .baseUrl(root + "/v1")
                .apiKey("none")
                .maxRetries(0)
                .build();
        try {
            assertThat(client.models().list().data()).extracting(Model::id).isEqualTo(NAMES);
            for (String name : List.of("oak", "pine", "oak")) {
                ChatCompletion reply = client.chat().completions().create(question(name));
                assertThat(reply.model()).isEqualTo(name);
                assertThat(reply.usage().orElseThrow().completionTokens()).isPositive();
            }
            assertThatThrownBy(() -> client.chat().completions().create(question("elm")))
                    .isInstanceOf(NotFoundException.class)
                    .hasMessageContaining("pine");
        } finally {
            client.close();
        }
    }

    private static ChatCompletionCreateParams question(String model) {
        return ChatCompletionCreateParams.builder()
                .model(model)
                .addUserMessage("Say something.")
                .maxCompletionTokens(6)
                .temperature(0)
                .build();
    }

    @Test
    void shouldComeAndGoForAClientOfOllama() {
        OllamaModels models = OllamaModels.builder().baseUrl(root).maxRetries(0).build();
        assertThat(models.availableModels().content())
                .extracting(OllamaModel::getName)
                .isEqualTo(NAMES);
        for (String name : List.of("pine", "oak")) {
            OllamaChatModel chat = OllamaChatModel.builder()
                    .baseUrl(root)
                    .modelName(name)
                    .numPredict(6)
                    .maxRetries(0)
                    .build();
            assertThat(chat.chat("Say something.")).isNotNull();
            assertThat(models.runningModels().content()).singleElement().satisfies(running -> {
                assertThat(running.getName()).isEqualTo(name);
                assertThat(running.getExpiresAt()).isNotNull();
            });
        }
        assertThat(models.modelCard("pine").content().getDetails().getFamily()).isEqualTo("llama");
    }
}
