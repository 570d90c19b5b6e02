// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class ServerRefusalsTest {
    private static final String CHAT = "/v1/chat/completions";
    private static final String COMPLETIONS = "/v1/completions";
    private static final long SEED = 20261121;
    private static Talk talk;

    @BeforeAll
    static void start() throws Exception {
        talk = new Talk(o -> o.withLimits(20_000, 4096, Duration.ofSeconds(20), 8));
    }

    @AfterAll
    static void stop() {
        talk.close();
    }

    @AfterEach
    void mend() {
        talk.model.failure = null;
        talk.model.queueLimit = Integer.MAX_VALUE;
        assertThat(talk.model.running).hasValue(0);
    }

    @Test
    void shouldForgetWhomItRefused() throws Exception {
        try (Talk open = new Talk(o -> o);
                Talk closed = new Talk(o -> o.withAccess(List.of("secret"), false, Optional.empty()))) {
            for (String path : List.of("/nothing", "/v1/models/none", CHAT, "/health")) open.get(path);
            assertThat(closed.get("/metrics").statusCode()).isEqualTo(401);
            shouldKnowNobody(open);
            shouldKnowNobody(closed);
        }
    }

    private static void shouldKnowNobody(Talk with) throws InterruptedException {
        for (int i = 0; i < 500 && with.server.peers().known() > 0; i++) Thread.sleep(10);
        assertThat(with.server.peers().known()).isZero();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        messages        | {}
        messages        | {"messages":[]}
        messages        | {"messages":"hi"}
        messages[0]     | {"messages":["hi"]}
        messages[0].role| {"messages":[{"content":"hi"}]}
        messages[0].role| {"messages":[{"role":"king","content":"hi"}]}
        messages[0].content| {"messages":[{"role":"user"}]}
        messages[0].content| {"messages":[{"role":"user","content":7}]}
        messages[0].content[0].type| {"messages":[{"role":"user","content":[{"type":"image_url"}]}]}
        messages        | {"messages":[{"role":"user","content":"refuse"}]}
        temperature     | {"messages":[{"role":"user","content":"x"}],"temperature":"hot"}
        temperature     | {"messages":[{"role":"user","content":"x"}],"temperature":1e999}
        temperature     | {"messages":[{"role":"user","content":"x"}],"temperature":-1}
        top_p           | {"messages":[{"role":"user","content":"x"}],"top_p":[]}
        seed            | {"messages":[{"role":"user","content":"x"}],"seed":1.5}
        seed            | {"messages":[{"role":"user","content":"x"}],"seed":99999999999999999999}
        max_tokens      | {"messages":[{"role":"user","content":"x"}],"max_tokens":0}
        max_tokens      | {"messages":[{"role":"user","content":"x"}],"max_tokens":2147483648}
        stop            | {"messages":[{"role":"user","content":"x"}],"stop":[1]}
        stop            | {"messages":[{"role":"user","content":"x"}],"stop":""}
        stop            | {"messages":[{"role":"user","content":"x"}],"stop":["1","1","1","1","1","1","1","1","1","1","1","1","1","1","1","1","1"]}
        stream          | {"messages":[{"role":"user","content":"x"}],"stream":"yes"}
        stream_options  | {"messages":[{"role":"user","content":"x"}],"stream":true,"stream_options":3}
        n               | {"messages":[{"role":"user","content":"x"}],"n":99}
        response_format.type | {"messages":[{"role":"user","content":"x"}],"response_format":{"type":"xml"}}
        response_format.json_schema.schema | {"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{"name":"a"}}}
        response_format | {"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{"schema":{"not":{}}}}}
        response_format | {"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_object","schema":{"type":"nonsense"}}}
        json_schema     | {"messages":[{"role":"user","content":"x"}],"json_schema":{"type":"string","pattern":"[ab]*a[ab]{40}"}}
        grammar         | {"messages":[{"role":"user","content":"x"}],"grammar":"root ::= root"}
        regex           | {"messages":[{"role":"user","content":"x"}],"regex":"(?=a)"}
        logit_bias      | {"messages":[{"role":"user","content":"x"}],"logit_bias":{"999":1}}
        logit_bias.65   | {"messages":[{"role":"user","content":"x"}],"logit_bias":{"65":"1"}}
        top_logprobs    | {"messages":[{"role":"user","content":"x"}],"logprobs":true,"top_logprobs":21}
        logprobs        | {"messages":[{"role":"user","content":"x"}],"logprobs":1}
        numerics        | {"messages":[{"role":"user","content":"x"}],"numerics":"sloppy"}
        model           | {"messages":[{"role":"user","content":"x"}],"model":4}
        """)
    void shouldNameTheFieldThatIsWrong(String param, String body) throws Exception {
        JsonNode error = refused(talk.post(CHAT, body), 400);
        assertThat(error.at("/param").stringValue()).isEqualTo(param);
        assertThat(error.at("/type").stringValue()).isEqualTo("invalid_request_error");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"prompt\":[]}",
                "{\"prompt\":[1,\"a\"]}",
                "{\"prompt\":[[\"a\"]]}",
                "{\"prompt\":[-1]}",
                "{\"prompt\":[258]}",
                "{\"prompt\":[1e3]}",
                "{\"prompt\":{}}"
            })
    void shouldRefusePromptsThatAreNone(String body) throws Exception {
        assertThat(refused(talk.post(COMPLETIONS, body), 400).at("/param").stringValue())
                .isEqualTo("prompt");
    }

    @Test
    void shouldRefuseBodiesThatAreNotJson() throws Exception {
        for (String body : List.of(
                "",
                "[]",
                "null",
                "7",
                "{\"a\":",
                "{} {}",
                "{\"a\":tru}",
                "[".repeat(9000),
                "{\"prompt\":" + "[".repeat(4000) + "]".repeat(4000) + "}",
                "{\"a\":" + "9".repeat(5000) + "}",
                "{\"" + "k".repeat(5000) + "\":1}")) {
            JsonNode error = refused(talk.post(COMPLETIONS, body), 400);
            assertThat(error.at("/message").stringValue()).hasSizeLessThan(200);
        }
        byte[] bad = "{\"prompt\":\"\u00c3(\"}".getBytes(StandardCharsets.ISO_8859_1);
        refused(
                talk.send(talk.request(COMPLETIONS)
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofByteArray(bad))),
                400);
    }

    @Test
    void shouldSurviveRandomBodies() throws Exception {
        Random random = new Random(SEED);
        String sound =
                "{\"prompt\":\"hello\",\"max_tokens\":3,\"stop\":[\"a\"],\"temperature\":0.5,\"logit_bias\":{\"65\":1}}";
        for (int i = 0; i < 300; i++) {
            byte[] body = sound.getBytes(StandardCharsets.UTF_8);
            for (int edits = random.nextInt(4); edits >= 0; edits--)
                body[random.nextInt(body.length)] = (byte) random.nextInt(256);
            int status = talk.send(talk.request(COMPLETIONS)
                            .header("Content-Type", "application/json")
                            .POST(BodyPublishers.ofByteArray(body)))
                    .statusCode();
            assertThat(status).as("seed=%d, body %d", SEED, i).isIn(200, 400, 404);
        }
    }

    @Test
    void shouldRefuseByStatus() throws Exception {
        refused(talk.get("/nowhere"), 404);
        HttpResponse<String> wrongMethod = talk.get(CHAT);
        refused(wrongMethod, 405);
        assertThat(wrongMethod.headers().firstValue("allow")).hasValue("POST");
        assertThat(refused(talk.post(COMPLETIONS, "{\"prompt\":\"a\",\"model\":\"gpt-9\"}"), 404)
                        .at("/code")
                        .stringValue())
                .isEqualTo("model_not_found");
        refused(talk.send(talk.request(COMPLETIONS).POST(BodyPublishers.ofString("{\"prompt\":\"a\"}"))), 415);
        assertThat(refused(talk.post(COMPLETIONS, "{\"prompt\":\"a\",\"max_tokens\":2000}"), 400)
                        .at("/code")
                        .stringValue())
                .isEqualTo("context_length_exceeded");
        HttpRequest.Builder strange = talk.json(COMPLETIONS, "{\"prompt\":\"a\"}");
        assertThat(talk.send(strange).statusCode()).isEqualTo(200);
    }

    @Test
    void shouldRefuseBodiesThatAreTooLarge() throws Exception {
        String large = "{\"prompt\":\"" + "a".repeat(20_000) + "\"}";
        refused(talk.post(COMPLETIONS, large), 413);
        byte[] bytes = large.getBytes(StandardCharsets.UTF_8);
        refused(
                talk.send(talk.request(COMPLETIONS)
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(bytes)))),
                413);
        String header = raw("GET /health HTTP/1.1\r\nHost: localhost\r\nX-Large: " + "a".repeat(9000) + "\r\n\r\n");
        assertThat(header).startsWith("HTTP/1.1 4").contains("\"error\"");
    }

    @Test
    void shouldTellToComeAgainWhenFull() throws Exception {
        talk.model.queueLimit = 0;
        HttpResponse<String> full = talk.post(COMPLETIONS, "{\"prompt\":\"a\"}");
        refused(full, 429);
        assertThat(full.headers().firstValue("retry-after")).hasValue("1");
    }

    @Test
    void shouldKeepItsInsidesToItself() throws Exception {
        talk.model.failure = new IllegalStateException("secret /home/ann/key");
        HttpResponse<String> whole = talk.post(COMPLETIONS, "{\"prompt\":\"a\"}");
        refused(whole, 500);
        assertThat(whole.body()).doesNotContain("secret", "Exception");
        HttpResponse<String> streamed = talk.post(COMPLETIONS, "{\"prompt\":\"a\",\"stream\":true}");
        assertThat(streamed.body()).contains("data: {\"error\":").doesNotContain("secret", "[DONE]");
    }

    @Test
    void shouldAskForAKey() throws Exception {
        try (Talk locked = new Talk(o -> o.withAccess(List.of("k1", "k2"), false, Optional.empty()))) {
            for (String header : new String[] {"", "Bearer", "Bearer k3", "Bearer k1x", "Basic k1", "k1"}) {
                HttpResponse<String> response = locked.send(
                        locked.json("/v1/completions", "{\"prompt\":\"a\"}").header("Authorization", header));
                refused(response, 401);
                assertThat(response.headers().firstValue("www-authenticate").orElse(""))
                        .startsWith("Bearer");
            }
            refused(locked.get("/metrics"), 401);
            assertThat(locked.get("/health").statusCode()).isEqualTo(200);
            assertThat(locked.send(locked.json("/v1/completions", "{\"prompt\":\"a\"}")
                                    .header("Authorization", "Bearer k2"))
                            .statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void shouldNotBeReachedByOthersWithoutAKey() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Server.start(talk.model, ServerOptions.DEFAULT.withListening("0.0.0.0", 0)))
                .withMessageContaining("no API key");
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
        evil.example, false
        evil.example:80, false
        localhost.evil.example, false
        127.0.0.1.evil.example, false
        [evil, false
        [, false
        [], false
        [::1, false
        [::1].evil.example, false
        ':80', false
        '', false
        localhost, true
        localhost:80, true
        127.0.0.1:80, true
        [::1], true
        [::1]:80, true
        """)
    void shouldBeCalledByLocalNamesAlone(String host, boolean local) {
        assertThat(Access.isLocal(Optional.of(host))).isEqualTo(local);
        String reply = raw("GET /health HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
        // what is no name at all is refused before, as malformed
        assertThat(reply).containsPattern(local ? "^HTTP/1.1 200" : "^HTTP/1.1 40[03]");
    }

    @Test
    void shouldAskNoNameOfARequestThatHasNone() {
        assertThat(Access.isLocal(Optional.empty())).isTrue();
    }

    @Test
    void shouldLetOneWebPageCall() throws Exception {
        assertThat(talk.get("/health").headers().firstValue("access-control-allow-origin"))
                .isEmpty();
        try (Talk open = new Talk(o -> o.withAccess(List.of("k"), false, Optional.of("https://a.example")))) {
            HttpResponse<String> preflight = open.send(open.request(CHAT).method("OPTIONS", BodyPublishers.noBody()));
            assertThat(preflight.statusCode()).isEqualTo(204);
            assertThat(preflight.headers().firstValue("access-control-allow-origin"))
                    .hasValue("https://a.example");
        }
    }

    private static JsonNode refused(HttpResponse<String> response, int status) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        JsonNode error = Talk.tree(response).at("/error");
        assertThat(error.propertyNames()).containsExactlyInAnyOrder("message", "type", "param", "code");
        assertThat(error.at("/message").stringValue()).isNotBlank();
        return error;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: -5\r\n\r\n{}",
                "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
                "Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n{}\r\n0\r\n\r\n"
            })
    void shouldRefuseLengthsThatAreNone(String rest) {
        String reply =
                raw("POST " + CHAT + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + rest);
        assertThat(reply).startsWith("HTTP/1.1 400");
    }

    private static String raw(String request) {
        try (Socket socket = new Socket("127.0.0.1", talk.server.port())) {
            socket.setSoTimeout(5000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().flush();
            InputStream in = socket.getInputStream();
            return new String(in.readNBytes(Math.max(1, firstBytes(in))), StandardCharsets.ISO_8859_1);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static int firstBytes(InputStream in) throws java.io.IOException {
        for (int i = 0; i < 500 && in.available() == 0; i++) {
            try {
                Thread.sleep(10);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
        return in.available();
    }
}
