// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class EmbeddingsTest {
    private static final String EMBEDDINGS = "/v1/embeddings";
    private static Talk talk;

    @BeforeAll
    static void start() throws Exception {
        talk = new Talk(o -> o.withLimits(20_000, 4096, Duration.ofSeconds(3), 8));
    }

    @AfterAll
    static void stop() {
        talk.close();
    }

    @AfterEach
    void mend() {
        talk.model.nanosPerToken = 0;
        talk.model.failure = null;
        assertThat(talk.model.running).hasValue(0);
    }

    private static JsonNode posted(String path, String body) throws Exception {
        HttpResponse<String> response = talk.post(path, body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return Talk.tree(response);
    }

    private static double[] numbers(JsonNode list) {
        return list.valueStream().mapToDouble(JsonNode::doubleValue).toArray();
    }

    @Test
    void shouldTellVectorsInTheirOrder() throws Exception {
        JsonNode reply = posted(EMBEDDINGS, "{\"model\":\"scripted\",\"input\":[\"a\",\"ab\"],\"user\":\"ann\"}");
        assertThat(reply.at("/object").stringValue()).isEqualTo("list");
        assertThat(reply.at("/model").stringValue()).isEqualTo("scripted");
        assertThat(reply.at("/usage/prompt_tokens").intValue()).isEqualTo(5);
        assertThat(reply.at("/data/1/index").intValue()).isEqualTo(1);
        assertThat(numbers(reply.at("/data/0/embedding"))).containsExactly(0, 1, 0, 0);
        assertThat(numbers(reply.at("/data/1/embedding")))
                .containsExactly(new double[] {0, 0.7071, 0.7071, 0}, within(1e-4));
        assertThat(numbers(posted(EMBEDDINGS, "{\"input\":[97]}").at("/data/0/embedding")))
                .containsExactly(0, 1, 0, 0);
        assertThat(posted(EMBEDDINGS, "{\"input\":[[97],[98]],\"dimensions\":4}")
                        .at("/data")
                        .size())
                .isEqualTo(2);
    }

    @Test
    void shouldTellTheSameInBase64() throws Exception {
        JsonNode reply = posted(EMBEDDINGS, "{\"input\":\"ab\",\"encoding_format\":\"base64\"}");
        ByteBuffer bytes = ByteBuffer.wrap(
                        Base64.getDecoder().decode(reply.at("/data/0/embedding").stringValue()))
                .order(ByteOrder.LITTLE_ENDIAN);
        JsonNode plain = posted(EMBEDDINGS, "{\"input\":\"ab\"}");
        for (double v : numbers(plain.at("/data/0/embedding")))
            assertThat(bytes.getFloat()).isEqualTo((float) v);
        assertThat(bytes.remaining()).isZero();
    }

    @Test
    void shouldTellThemAsOllamaDoes() throws Exception {
        JsonNode many = posted("/api/embed", "{\"model\":\"scripted:latest\",\"input\":[\"a\",\"b\"]}");
        assertThat(many.at("/embeddings").size()).isEqualTo(2);
        assertThat(many.at("/prompt_eval_count").intValue()).isEqualTo(4);
        assertThat(numbers(posted("/api/embeddings", "{\"prompt\":\"a\"}").at("/embedding")))
                .containsExactly(0, 1, 0, 0);
        String tooLong = "{\"input\":\"" + "a".repeat(ScriptedModel.CONTEXT + 9) + "\"";
        assertThat(posted("/api/embed", tooLong + "}").at("/prompt_eval_count").intValue())
                .isEqualTo(ScriptedModel.CONTEXT);
        assertThat(talk.post("/api/embed", tooLong + ",\"truncate\":false}").statusCode())
                .isEqualTo(400);
    }

    @Test
    void shouldPutWhatIsNearestFirst() throws Exception {
        String body =
                "{\"query\":\"aaa\",\"documents\":[\"b\",{\"text\":\"ab\"},\"a\"],\"top_n\":2,\"return_documents\":true}";
        for (String path : new String[] {"/v1/rerank", "/rerank"}) {
            JsonNode reply = posted(path, body);
            assertThat(reply.at("/results").size()).isEqualTo(2);
            assertThat(reply.at("/results/0/index").intValue()).isEqualTo(2);
            assertThat(reply.at("/results/0/relevance_score").doubleValue()).isEqualTo(1, within(1e-6));
            assertThat(reply.at("/results/1/document/text").stringValue()).isEqualTo("ab");
            assertThat(reply.at("/results/1/relevance_score").doubleValue()).isEqualTo(Math.sqrt(0.5), within(1e-6));
        }
        JsonNode scores = posted("/score", "{\"text_1\":\"a\",\"text_2\":[\"b\",\"a\"]}");
        assertThat(scores.at("/data/0/score").doubleValue()).isZero();
        assertThat(scores.at("/data/1/score").doubleValue()).isEqualTo(1, within(1e-6));
        assertThat(talk.post("/score", "{\"text_1\":[\"a\",\"b\"],\"text_2\":\"a\"}")
                        .statusCode())
                .isEqualTo(400);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        /v1/embeddings | {}                                             | input
        /v1/embeddings | {"input":[]}                                   | input
        /v1/embeddings | {"input":[null]}                               | input
        /v1/embeddings | {"input":[999]}                                | 999
        /v1/embeddings | {"input":"a","encoding_format":"hex"}          | encoding_format
        /v1/embeddings | {"input":"a","dimensions":3}                   | dimensions
        /v1/rerank     | {"documents":["a"]}                            | query
        /v1/rerank     | {"query":"a","documents":[]}                   | documents
        /v1/rerank     | {"query":"a","documents":[7]}                  | documents
        /v1/rerank     | {"query":"a","documents":["a"],"top_n":0}      | top_n
        """)
    void shouldRefuseByName(String path, String body, String name) throws Exception {
        HttpResponse<String> response = talk.post(path, body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        assertThat(response.body()).contains(name);
    }

    @Test
    void shouldTellErrorsAsElsewhere() throws Exception {
        HttpResponse<String> tooLong =
                talk.post(EMBEDDINGS, "{\"input\":\"" + "a".repeat(ScriptedModel.CONTEXT) + "\"}");
        assertThat(tooLong.statusCode()).isEqualTo(400);
        assertThat(Talk.tree(tooLong).at("/error/code").stringValue()).isEqualTo("context_length_exceeded");
        assertThat(talk.post(EMBEDDINGS, "{\"input\":\"a\",\"model\":\"b\"}").statusCode())
                .isEqualTo(404);
        talk.model.failure = new UnsupportedOperationException("this model gives no embeddings");
        assertThat(talk.post(EMBEDDINGS, "{\"input\":\"a\"}").statusCode()).isEqualTo(400);
    }

    @Test
    void shouldEndWhatTakesTooLong() throws Exception {
        talk.model.nanosPerToken = 60_000_000_000L;
        assertThat(talk.post(EMBEDDINGS, "{\"input\":\"a\"}").statusCode()).isEqualTo(408);
        assertThat(talk.model.cancelled.get()).isPositive();
    }

    @Test
    void shouldEndWhenTheClientLeaves() throws Exception {
        talk.model.nanosPerToken = 60_000_000_000L;
        int before = talk.model.cancelled.get();
        try (Socket socket = new Socket("127.0.0.1", talk.server.port())) {
            OutputStream out = socket.getOutputStream();
            out.write(("POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                            + "Content-Length: 13\r\n\r\n{\"input\":\"a\"}")
                    .getBytes(StandardCharsets.US_ASCII));
            out.flush();
            for (int i = 0; i < 300 && talk.model.running.get() == 0; i++) Thread.sleep(10);
        }
        for (int i = 0; i < 250 && talk.model.running.get() > 0; i++) Thread.sleep(10);
        assertThat(talk.model.cancelled.get()).isEqualTo(before + 1);
    }
}
