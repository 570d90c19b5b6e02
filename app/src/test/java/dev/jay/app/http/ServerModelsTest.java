// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.app.resident.FileSource;
import dev.jay.app.resident.KeepAlive;
import dev.jay.app.resident.Residents;
import dev.jay.app.resident.Standing;
import dev.jay.engine.Model;
import dev.jay.engine.ModelOptions;
import dev.jay.engine.Request;
import dev.jay.engine.sample.Sampling;
import dev.jay.model.load.SynthFiles;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.memory.Memory;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Three real models behind one server, in a budget that holds two of them. */
@Timeout(120)
class ServerModelsTest {
    private static final String COMPLETIONS = "/v1/completions";
    private static final String TEXT = "once upon a time";
    private static final List<String> NAMES = List.of("ash", "birch", "cedar");
    private static final ModelOptions OPTIONS =
            ModelOptions.defaults().withContextLength(128).withThreads(1);

    @TempDir
    private Path folder;

    private final Map<String, String> alone = new LinkedHashMap<>();
    private long live;
    private Residents residents;
    private Talk talk;

    @BeforeEach
    void serve() throws Exception {
        live = Memory.liveBytes();
        List<FileSource> sources = new ArrayList<>();
        long most = 0;
        for (String name : NAMES) {
            double base = 500 + 4000 * sources.size();
            Path file = SynthFiles.write(folder.resolve(name + ".gguf"), Map.of("llama.rope.freq_base", base));
            sources.add(new FileSource(name, file, OPTIONS));
            most = Math.max(
                    most,
                    sources.getLast()
                            .neededBytes(Long.MAX_VALUE, Long.MAX_VALUE)
                            .orElseThrow());
            try (Model model = Model.open(file, OPTIONS)) {
                alone.put(name, model.generate(request(model)).text());
            }
        }
        assertThat(alone.values()).doesNotHaveDuplicates();
        sources.add(new FileSource("huge", folder.resolve("ash.gguf"), OPTIONS.withContextLength(1 << 20)));
        residents = new Residents(sources, 2 * most, KeepAlive.DEFAULT, System::nanoTime);
        talk = new Talk(residents, o -> o.withPing(Duration.ofMillis(50)));
    }

    private static Request request(Model model) {
        return Request.of(model.tokenize(TEXT))
                .withSampling(Sampling.GREEDY)
                .withNumerics(Numerics.EXACT)
                .withIgnoreEos(true)
                .withMaxTokens(10);
    }

    private static String body(String model, String more) {
        return "{\"model\":\"" + model + "\",\"prompt\":\"" + TEXT + "\",\"max_tokens\":10,\"temperature\":0,"
                + "\"ignore_eos\":true,\"numerics\":\"exact\"" + more + "}";
    }

    @AfterEach
    void shouldGiveEveryByteBack() {
        talk.close();
        residents.close();
        assertThat(Memory.liveBytes()).isEqualTo(live);
    }

    private String answer(String model) throws Exception {
        HttpResponse<String> response = talk.post(COMPLETIONS, body(model, ""));
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        JsonNode reply = Talk.tree(response);
        assertThat(reply.at("/model").stringValue()).isEqualTo(model);
        return reply.at("/choices/0/text").stringValue();
    }

    private String streamed(String model) throws Exception {
        return Talk.events(talk.post(COMPLETIONS, body(model, ",\"stream\":true"))).stream()
                .map(e -> e.at("/choices/0/text").stringValue(""))
                .collect(Collectors.joining());
    }

    private Map<String, String> states() throws Exception {
        Map<String, String> states = new LinkedHashMap<>();
        Talk.tree(talk.get("/v1/models"))
                .at("/data")
                .forEach(m -> states.put(
                        m.at("/id").stringValue(), m.at("/status/value").stringValue()));
        return states;
    }

    private Residents.Use held(String name) throws InterruptedException {
        Residents.Use use = residents.want(name, Optional.empty());
        assertThat(use.await(Duration.ofSeconds(30))).isTrue();
        return use;
    }

    @Test
    void shouldLoadWhatARequestNamesAndTellTheTruthOfAll() throws Exception {
        assertThat(states())
                .isEqualTo(Map.of("ash", "unloaded", "birch", "unloaded", "cedar", "unloaded", "huge", "unloaded"));
        assertThat(Talk.tree(talk.get("/api/ps")).at("/models").size()).isZero();
        assertThat(talk.get("/health").statusCode()).isEqualTo(200);
        for (String name : NAMES) assertThat(answer(name)).isEqualTo(alone.get(name));
        assertThat(states())
                .containsEntry("ash", "unloaded")
                .containsEntry("birch", "loaded")
                .containsEntry("cedar", "loaded");
        assertThat(streamed("ash")).isEqualTo(alone.get("ash"));

        JsonNode tags = Talk.tree(talk.get("/api/tags")).at("/models");
        assertThat(tags.size()).isEqualTo(4);
        assertThat(tags.at("/1/details/family").stringValue()).isEqualTo("llama");
        assertThat(tags.at("/1/size").longValue()).isPositive();
        JsonNode running = Talk.tree(talk.get("/api/ps")).at("/models");
        assertThat(running.size()).isEqualTo(2);
        assertThat(running.at("/0/name").stringValue()).isEqualTo("ash");
        assertThat(running.at("/0/digest")).isEqualTo(tags.at("/0/digest"));
        assertThat(running.at("/0/expires_at").stringValue()).startsWith("20");
        assertThat(Talk.tree(talk.post("/api/show", "{\"model\":\"birch:latest\"}"))
                        .at("/model_info/llama.rope.freq_base")
                        .doubleValue())
                .isEqualTo(4500);
        assertThat(states()).as("looking loads nothing").containsEntry("birch", "unloaded");

        JsonNode books = Talk.tree(talk.get("/v1/memory"));
        assertThat(books.at("/budget_bytes").longValue()).isEqualTo(residents.budget());
        assertThat(books.at("/models").size()).isEqualTo(4);
        long both = books.at("/models/0/used_bytes").longValue()
                + books.at("/models/2/used_bytes").longValue();
        assertThat(books.at("/used_bytes").longValue()).isEqualTo(both).isPositive();
        assertThat(books.at("/models/1/used_bytes").isMissingNode()).isTrue();
        assertThat(talk.get("/metrics").body())
                .contains("jay_kv_pages{model=\"ash\"}")
                .doesNotContain("model=\"birch\"");
    }

    @Test
    void shouldRefuseWhatIsNotNamedNotThereOrNeverFits() throws Exception {
        HttpResponse<String> unnamed = talk.post(COMPLETIONS, "{\"prompt\":\"a\"}");
        assertThat(unnamed.statusCode()).isEqualTo(400);
        assertThat(unnamed.body()).contains("model is missing", "birch");
        assertThat(talk.post(COMPLETIONS, body("oak", "")).statusCode()).isEqualTo(404);
        assertThat(talk.get("/v1/models/oak").statusCode()).isEqualTo(404);
        assertThat(Talk.tree(talk.get("/v1/models/ash.gguf")).at("/id").stringValue())
                .isEqualTo("ash");
        HttpResponse<String> huge = talk.post(COMPLETIONS, body("huge", ""));
        assertThat(huge.statusCode()).as(huge.body()).isEqualTo(400);
        assertThat(Talk.tree(huge).at("/error/code").stringValue()).isEqualTo("never_fits");
        assertThat(Talk.tree(huge).at("/error/message").stringValue())
                .contains("model=huge", "--memory", "=" + residents.budget(), "needed=");
        assertThat(talk.post(COMPLETIONS, body("ash", ",\"keep_alive\":\"soon\""))
                        .statusCode())
                .isEqualTo(400);
        assertThat(residents.granted()).isZero();
        assertThat(talk.get("/lora-adapters").statusCode()).isEqualTo(400);
        assertThat(talk.get("/lora-adapters?model=ash").body()).isEqualTo("[]");
        assertThat(talk.post("/lora-adapters?model=ash", "[]").statusCode()).isEqualTo(200);
    }

    @Test
    void shouldLoadAndUnloadWhenTold() throws Exception {
        assertThat(talk.post("/models/load", "{\"model\":\"ash\"}").body()).isEqualTo("{\"success\":true}");
        assertThat(states()).containsEntry("ash", "loaded");
        assertThat(talk.post("/models/load", "{\"model\":\"huge\"}").statusCode())
                .isEqualTo(400);
        assertThat(talk.post("/models/unload", "{\"model\":\"ash\"}").body()).isEqualTo("{\"success\":true}");
        assertThat(states()).containsEntry("ash", "unloaded");
        assertThat(residents.granted()).isZero();
        assertThat(Memory.liveBytes()).isEqualTo(live);

        JsonNode load = Talk.tree(talk.post("/api/generate", "{\"model\":\"birch\"}"));
        assertThat(load.at("/done_reason").stringValue()).isEqualTo("load");
        assertThat(states()).containsEntry("birch", "loaded");
        JsonNode unload = Talk.tree(talk.post("/api/generate", "{\"model\":\"birch\",\"keep_alive\":0}"));
        assertThat(unload.at("/done_reason").stringValue()).isEqualTo("unload");
        assertThat(states()).containsEntry("birch", "unloaded");

        HttpResponse<String> brief = talk.post(
                "/api/generate",
                "{\"model\":\"cedar\",\"prompt\":\"a\",\"keep_alive\":0," + "\"options\":{\"num_predict\":3}}");
        assertThat(brief.body()).contains("\"done\":true");
        for (int i = 0; i < 500 && residents.granted() > 0; i++) Thread.sleep(10);
        assertThat(states()).containsEntry("cedar", "unloaded");
        talk.post("/api/generate", "{\"model\":\"cedar\",\"keep_alive\":-1}");
        assertThat(Talk.tree(talk.get("/api/ps")).at("/models/0/expires_at").stringValue())
                .startsWith("0001");
    }

    @Test
    void shouldKeepAStreamAliveWhileItsModelCannotComeYet() throws Exception {
        for (String path : List.of(COMPLETIONS, "/v1/messages", "/api/generate")) {
            Residents.Use first = held("ash");
            Residents.Use second = held("birch");
            String asked = path.equals("/v1/messages")
                    ? "{\"model\":\"cedar\",\"max_tokens\":4,\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}"
                    : body("cedar", ",\"stream\":true");
            try (Socket socket = ask(path, asked)) {
                InputStream in = socket.getInputStream();
                String head = read(in, path.startsWith("/api") ? " \r\n" : ": ping");
                assertThat(head).startsWith("HTTP/1.1 200").doesNotContain("\"model\"");
                first.close();
                String rest = read(
                        in,
                        path.startsWith("/api")
                                ? "\"done\":true"
                                : path.equals(COMPLETIONS) ? "[DONE]" : "message_stop");
                assertThat(rest).contains("cedar");
            } finally {
                first.close();
                second.close();
            }
        }
    }

    @Test
    void shouldTellInsideOfAStreamThatHasBegunWhatIsWrong() throws Exception {
        try (Residents.Use first = held("ash");
                Residents.Use second = held("birch");
                Socket socket = ask(COMPLETIONS, body("cedar", ",\"stream\":true,\"top_p\":7"))) {
            InputStream in = socket.getInputStream();
            read(in, ": ping");
            first.close();
            assertThat(read(in, "}}\n\n")).contains("data: {\"error\":", "top_p");
            assertThat(second.name()).isEqualTo("birch");
        }
    }

    @Test
    void shouldTellWhoWaitsThatTheServerStops() throws Exception {
        try (Residents.Use first = held("ash");
                Residents.Use second = held("birch");
                Socket socket = ask(COMPLETIONS, body("cedar", ""))) {
            Thread.sleep(200);
            assertThat(first.model()).isNotSameAs(second.model());
            residents.close();
            assertThat(read(socket.getInputStream(), "}}"))
                    .startsWith("HTTP/1.1 503")
                    .contains("stopping");
        }
    }

    @Test
    void shouldForgetAClientThatLeavesWhileItWaits() throws Exception {
        for (boolean stream : new boolean[] {true, false}) {
            try (Residents.Use first = held("ash");
                    Residents.Use second = held("birch")) {
                double before = talk.metric("jay_http_clients_left_total");
                try (Socket socket = ask(COMPLETIONS, body("cedar", ",\"stream\":" + stream))) {
                    Thread.sleep(300);
                    assertThat(socket.isConnected()).isTrue();
                }
                for (int i = 0; i < 500 && talk.metric("jay_http_clients_left_total") == before; i++) Thread.sleep(10);
                assertThat(talk.metric("jay_http_clients_left_total")).isEqualTo(before + 1);
                assertThat(first.model()).isNotSameAs(second.model());
            }
            assertThat(answer("ash")).isEqualTo(alone.get("ash"));
            assertThat(states()).containsEntry("cedar", "unloaded");
        }
    }

    @Test
    void shouldAnswerManyForAllModelsAsEachWouldAlone() throws Exception {
        List<Future<Void>> clients = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int client = 0; client < 8; client++) {
                SplittableRandom random = new SplittableRandom(client);
                clients.add(threads.submit(() -> {
                    for (int i = 0; i < 6; i++) {
                        String name = NAMES.get(random.nextInt(NAMES.size()));
                        switch (random.nextInt(4)) {
                            case 0 -> assertThat(streamed(name)).isEqualTo(alone.get(name));
                            case 1 -> {
                                try (Socket socket = ask(COMPLETIONS, body(name, ",\"stream\":true"))) {
                                    Thread.sleep(random.nextInt(100)); // and leaves
                                    assertThat(socket.isConnected()).isTrue();
                                }
                            }
                            default -> assertThat(answer(name)).isEqualTo(alone.get(name));
                        }
                        assertThat(residents.granted()).isLessThanOrEqualTo(residents.budget());
                    }
                    return null;
                }));
            }
            for (Future<Void> client : clients) client.get();
        }
        for (int i = 0; i < 1000 && residents.standings().stream().anyMatch(s -> s.inUse() > 0); i++) Thread.sleep(10);
        for (String name : NAMES) talk.post("/models/unload", "{\"model\":\"" + name + "\"}");
        assertThat(residents.standings()).allMatch(s -> s.state() == Standing.State.UNLOADED && !s.failed());
        assertThat(residents.granted()).isZero();
        assertThat(Memory.liveBytes()).isEqualTo(live);
    }

    private Socket ask(String path, String body) throws Exception {
        Socket socket = new Socket("127.0.0.1", talk.server.port());
        String head = "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Content-Length: " + body.length() + "\r\n\r\n";
        socket.getOutputStream().write((head + body).getBytes(StandardCharsets.UTF_8));
        socket.getOutputStream().flush();
        return socket;
    }

    /** What comes up to and with this. */
    private static String read(InputStream in, String end) throws Exception {
        StringBuilder text = new StringBuilder();
        while (text.indexOf(end) < 0) {
            int c = in.read();
            if (c < 0) throw new AssertionError("it ended without '" + end + "': " + text);
            text.append((char) c);
        }
        return text.toString();
    }
}
