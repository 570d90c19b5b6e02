// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.overload;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the bench takes for wrong, told by servers that are. */
@Timeout(60)
class OverloadTest {
    private static final int CONTEXT = 64;

    private record Reply(int status, String body) {}

    private interface Model {
        Reply answer(String asked, int count);
    }

    private static Overload bench(Predicate<Overload> isOver, Model model) throws IOException, InterruptedException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        AtomicInteger count = new AtomicInteger();
        server.createContext("/v1/completions", exchange -> {
            String asked = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            Reply reply = model.answer(asked, count.incrementAndGet());
            byte[] body = reply.body().getBytes(StandardCharsets.UTF_8);
            if (reply.status() == 429) exchange.getResponseHeaders().add("Retry-After", "1");
            exchange.sendResponseHeaders(reply.status(), body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        try (HttpClient http = HttpClient.newHttpClient()) {
            String url = "http://127.0.0.1:" + server.getAddress().getPort();
            Overload bench = new Overload(http, url, Question.some(4, CONTEXT, 1000, 1), CONTEXT);
            bench.run(4, () -> isOver.test(bench), bench.alone(), 1);
            return bench;
        } finally {
            server.stop(0);
        }
    }

    /** As a server that keeps its promises: the text says what was asked. */
    private static Reply right(String asked) {
        if (asked.contains("\"max_tokens\":" + CONTEXT)) {
            return new Reply(400, "{\"error\":{\"code\":\"context_length_exceeded\"}}");
        }
        String text = "{\"text\":\"\\n" + asked.split("]")[0].hashCode() + "\"}";
        if (asked.contains("\"stream\":true")) return new Reply(200, "data: " + text + "\n\ndata: [DONE]\n\n");
        String tokens = asked.split("\"max_tokens\":")[1].split(",")[0];
        return new Reply(
                200, "{\"choices\":[" + text + "],\"usage\":{\"completion_tokens\":" + tokens.replace("}", "") + "}}");
    }

    @Test
    void shouldFindNothingWrongWithAServerThatIsRight() throws Exception {
        Predicate<Overload> all = b -> b.right() > 9 && b.refused() > 0 && b.left() > 0 && b.neverFit() > 0;
        Overload bench = bench(
                all,
                (asked, count) -> count % 5 == 4 && count > 4
                        ? new Reply(429, "{\"error\":{\"type\":\"rate_limit_error\",\"code\":\"queue_full\"}}")
                        : right(asked));
        assertThat(bench.told()).isEmpty();
        assertThat(bench.wrong()).isZero();
    }

    @Test
    void shouldFindAnAnswerThatDiffers() throws Exception {
        Overload bench = bench(b -> b.wrong() > 9, (asked, count) -> {
            Reply reply = right(asked);
            return count > 4 ? new Reply(reply.status(), reply.body().replace("\\n", "\\t")) : reply;
        });
        assertThat(bench.right()).isLessThan(bench.wrong());
        assertThat(bench.told()).isNotEmpty().allMatch(t -> t.startsWith("another "));
    }

    @Test
    void shouldFindARefusalThatIsNotStated() throws Exception {
        for (Reply unstated : List.of(
                new Reply(503, "{\"error\":{\"code\":\"out_of_memory\"}}"),
                new Reply(429, "{\"error\":{\"type\":\"rate_limit_error\",\"code\":null}}"),
                new Reply(500, "internal error"))) {
            Overload bench = bench(b -> b.wrong() > 9, (asked, count) -> count > 4 ? unstated : right(asked));
            assertThat(bench.right()).isZero();
            assertThat(bench.refused()).isZero();
            assertThat(bench.told()).isNotEmpty().allMatch(t -> t.startsWith("refused otherwise than stated"));
        }
    }

    @Test
    void shouldFindAServerThatTakesWhatCannotFit() throws Exception {
        Overload bench = bench(
                b -> b.wrong() > 9,
                (asked, count) -> right(asked.replace("\"max_tokens\":" + CONTEXT, "\"max_tokens\":9")));
        assertThat(bench.told()).isNotEmpty().allMatch(t -> t.startsWith("what cannot fit was answered"));
    }
}
