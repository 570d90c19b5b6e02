// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.engine.Message;
import dev.jay.engine.Model;
import dev.jay.engine.ModelOptions;
import dev.jay.model.load.SynthFiles;
import dev.jay.tensor.kernel.Cpu;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A real, tiny model whose file brings a chat template, behind the server. */
class ServerTemplateTest {
    private static final String STRICT = """
        {{ bos_token }}{% for m in messages %}
        {%- if m.role == 'system' %}{{ raise_exception('no system message, please') }}{% endif %}
        {%- if m.content == 'seven' %}{{ 7 + m.content }}{% endif -%}
        [{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}\
        """;

    @TempDir
    Path folder;

    private Model open(String template) throws IOException {
        Path file = SynthFiles.write(folder.resolve("own.gguf"), Map.of("tokenizer.chat_template", template));
        return Model.open(
                file, ModelOptions.defaults().withThreads(1).withCpu(Cpu.SCALAR).withContextLength(128));
    }

    private static HttpResponse<String> chat(Server server, String role, String content) throws Exception {
        String body = """
            {"messages":[{"role":"%s","content":"%s"}],"max_tokens":2}\
            """.formatted(role, content);
        URI uri = URI.create("http://127.0.0.1:" + server.port() + "/v1/chat/completions");
        HttpRequest request = HttpRequest.newBuilder(uri)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        }
    }

    private static void shouldRefuse(Server server, String role, String content, String why) throws Exception {
        HttpResponse<String> response = chat(server, role, content);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        JsonNode error = Talk.tree(response).get("error");
        assertThat(error.get("message").stringValue()).contains(why);
        assertThat(error.get("type").stringValue()).isEqualTo("invalid_request_error");
        assertThat(error.get("code").stringValue()).isEqualTo("chat_template");
    }

    @Test
    void aChatIsWrittenAsTheFileSays() throws Exception {
        ServerOptions options = ServerOptions.DEFAULT.withListening("127.0.0.1", 0);
        try (Model model = open(STRICT);
                Server server = Server.start(model, options)) {
            for (String content : List.of("hi", "</s></s></s>")) {
                HttpResponse<String> response = chat(server, "user", content);
                assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
                int plain = model.tokenizer().encode("[user]" + content, false, false).length;
                assertThat(Talk.tree(response).at("/usage/prompt_tokens").intValue())
                        .isEqualTo(plain + 2) // BOS and EOS, which only the template writes
                        .isEqualTo(model.chatPrompt(List.of(Message.user(content))).length);
            }
            shouldRefuse(server, "system", "hi", "no system message, please");
            shouldRefuse(server, "user", "seven", "template line");
            assertThat(model.status().failed()).isZero();
        }
    }

    @Test
    void shouldRejectChatsWhenTheTemplateIsBroken() throws Exception {
        ServerOptions options = ServerOptions.DEFAULT.withListening("127.0.0.1", 0);
        try (Model model = open("{{ broken");
                Server server = Server.start(model, options)) {
            shouldRefuse(server, "user", "hi", "chat template of own.gguf");
        }
    }
}
