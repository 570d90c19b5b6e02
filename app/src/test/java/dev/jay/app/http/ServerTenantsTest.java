// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.engine.Model;
import dev.jay.engine.ModelOptions;
import dev.jay.tensor.Shared;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** Whose a request is, how many of one may be inside, several answers to one prompt, and how a server ends. */
@Timeout(60)
class ServerTenantsTest {
    private static final String CHAT = "/v1/chat/completions";
    private static final String HELLO = "{\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}";

    private static ServerOptions keyed(ServerOptions o) {
        return o.withAccess(List.of("ann", "bob"), false, Optional.empty());
    }

    private static HttpRequest.Builder as(String key, HttpRequest.Builder request) {
        return request.header("Authorization", "Bearer " + key);
    }

    @Test
    void shouldGiveEachKeyATenantOfItsOwnThatDoesNotTellTheKey() throws Exception {
        try (Talk talk = new Talk(ServerTenantsTest::keyed)) {
            List<String> tenants = new ArrayList<>();
            for (String key : List.of("ann", "bob", "ann")) {
                assertThat(talk.send(as(key, talk.json(CHAT, HELLO))).statusCode())
                        .isEqualTo(200);
                tenants.add(talk.model.last.tenant());
            }
            assertThat(tenants.get(0)).isEqualTo(tenants.get(2)).isNotEqualTo(tenants.get(1));
            assertThat(tenants).allMatch(t -> t.matches("[0-9a-f]{16}"));
        }
        try (Talk open = new Talk(o -> o)) {
            open.send(as("whoever", open.json(CHAT, HELLO)));
            assertThat(open.model.last.tenant()).isEmpty();
        }
    }

    @Test
    void shouldTellWhoIsInsideTooOftenToComeAgainAndLetOthersIn() throws Exception {
        try (Talk talk = new Talk(o -> keyed(o).withPerKey(1))) {
            talk.model.nanosPerToken = 50_000_000;
            CompletableFuture<Integer> slow = CompletableFuture.supplyAsync(() -> status(talk, "ann"));
            while (talk.model.running.get() == 0) Thread.onSpinWait();
            HttpResponse<String> second = talk.send(as("ann", talk.json(CHAT, HELLO)));
            assertThat(second.statusCode()).isEqualTo(429);
            assertThat(second.headers().firstValue("retry-after")).isPresent();
            assertThat(second.body()).contains("this key has as many requests inside as it may: requests=1");
            assertThat(status(talk, "bob")).isEqualTo(200);
            assertThat(slow.get()).isEqualTo(200);
            assertThat(status(talk, "ann")).isEqualTo(200);
        }
    }

    private static int status(Talk talk, String key) {
        try {
            return talk.send(as(key, talk.json(CHAT, HELLO))).statusCode();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void shouldGiveSeveralAnswersWholeAndStreamed() throws Exception {
        try (Talk talk = new Talk(o -> o)) {
            String three = HELLO.replace("]}", "],\"n\":3,\"seed\":5}");
            JsonNode whole = Talk.tree(talk.post(CHAT, three));
            assertThat(whole.at("/choices").size()).isEqualTo(3);
            assertThat(whole.at("/choices/2/index").intValue()).isEqualTo(2);
            assertThat(whole.at("/choices/2/message/content").stringValue()).isEqualTo("hello");
            assertThat(whole.at("/usage/prompt_tokens").intValue()).isEqualTo(6); // counted once
            assertThat(whole.at("/usage/completion_tokens").intValue()).isEqualTo(18);
            assertThat(talk.model.last.sampling().seed()).hasValue(7); // each has its own
            String streamed =
                    three.replace(",\"n\"", ",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"n\"");
            List<JsonNode> events = Talk.events(talk.post(CHAT, streamed));
            for (int i = 0; i < 3; i++) {
                int index = i;
                assertThat(events)
                        .anyMatch(e -> e.at("/choices/0/index").asInt(-1) == index
                                && e.at("/choices/0/finish_reason").isString());
            }
            assertThat(events.getLast().at("/usage/completion_tokens").intValue())
                    .isEqualTo(18);
            JsonNode texts = Talk.tree(talk.post("/v1/completions", "{\"prompt\":[\"ab\",\"cd\"],\"n\":2}"));
            assertThat(texts.at("/choices/1/text").stringValue()).isEqualTo("ab");
            assertThat(texts.at("/choices/3/text").stringValue()).isEqualTo("cd");
        }
    }

    @Test
    void shouldFinishWhatIsInsideAndTakeNothingMore() throws Exception {
        try (Talk talk = new Talk(ServerTenantsTest::keyed)) {
            talk.model.nanosPerToken = 50_000_000;
            CompletableFuture<Integer> inside = CompletableFuture.supplyAsync(() -> status(talk, "ann"));
            while (talk.model.running.get() == 0) Thread.onSpinWait();
            assertThat(talk.server.finish(Duration.ofMillis(1))).isFalse();
            HttpResponse<String> late = talk.send(as("bob", talk.json(CHAT, HELLO)));
            assertThat(late.statusCode()).isEqualTo(503);
            assertThat(late.body()).contains("the server is stopping");
            assertThat(talk.get("/health").statusCode()).isEqualTo(503);
            assertThat(talk.server.finish(Duration.ofSeconds(20))).isTrue();
            assertThat(inside.get()).isEqualTo(200);
        }
    }

    @Test
    void shouldShowTheBooksAndThePageThatDrawsThem() throws Exception {
        try (Talk talk = new Talk(ServerTenantsTest::keyed)) {
            for (Page part : Page.values()) {
                HttpResponse<String> got = talk.get(part.path());
                assertThat(got.statusCode()).as(part.path()).isEqualTo(200);
                assertThat(got.headers().firstValue("content-security-policy").orElse(""))
                        .contains("default-src 'self'");
                assertThat(got.body())
                        .as("nothing comes from elsewhere")
                        .doesNotContain("http://", "https://", "//cdn");
            }
            assertThat(talk.get("/v1/memory").statusCode()).isEqualTo(401);
            JsonNode books =
                    Talk.tree(talk.send(as("bob", talk.request("/v1/memory").GET())));
            assertThat(books.at("/kv_pages/all").intValue()).isEqualTo(10);
            assertThat(books.at("/budget_bytes").longValue()).isEqualTo(1 << 20);
            assertThat(books.at("/java_heap/committed_bytes").longValue()).isPositive();
        }
    }

    @Test
    void shouldShareNoPageBetweenTwoTenantsOfARealModel() throws Exception {
        String body = "{\"prompt\":\"Once upon a time there was a little girl who loved to play in the garden with her"
                + " dog and her cat and a bird\",\"max_tokens\":3}";
        try (Model model = Model.open(
                        Shared.data("0-stories260K/stories260K.gguf"),
                        ModelOptions.defaults().withContextLength(256).withParallel(4));
                Server server = Server.start(model, keyed(ServerOptions.DEFAULT.withListening("127.0.0.1", 0)));
                HttpClient client = HttpClient.newHttpClient()) {
            List<Integer> cached = new ArrayList<>();
            for (String key : List.of("ann", "ann", "bob", "bob")) {
                HttpRequest.Builder request = HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + server.port() + "/v1/completions"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body));
                JsonNode reply = Talk.tree(client.send(as(key, request).build(), HttpResponse.BodyHandlers.ofString()));
                cached.add(
                        reply.at("/usage/prompt_tokens_details/cached_tokens").intValue());
                int prompt = reply.at("/usage/prompt_tokens").intValue();
                if (cached.size() % 2 == 0) assertThat(cached.getLast()).isEqualTo(prompt - 1);
            }
            assertThat(cached.get(0)).isZero();
            assertThat(cached.get(2)).isZero();
        }
    }
}
