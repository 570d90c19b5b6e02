// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.app.resident.Residents;
import dev.jay.app.resident.Standing;
import dev.jay.engine.EngineStatus;
import dev.jay.engine.Model;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.function.BiConsumer;
import java.util.function.ToDoubleFunction;

/** Numbers for Prometheus: requests; and of each model in memory tokens, sequences, pages, bytes. */
final class Metrics {
    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final Residents residents;
    private final Counter requests;
    private final Counter left;
    private final Histogram seconds;

    Metrics(Residents residents) {
        this.residents = residents;
        requests = Counter.builder()
                .name("jay_http_requests")
                .help("Requests answered.")
                .labelNames("path", "status")
                .register(registry);
        left = Counter.builder()
                .name("jay_http_clients_left")
                .help("Answers ended because their client had left.")
                .register(registry);
        seconds = Histogram.builder()
                .name("jay_http_request_seconds")
                .help("From the request to the end of its answer.")
                .labelNames("path")
                .classicUpperBounds(0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300)
                .classicOnly()
                .register(registry);
        engine();
        memory();
    }

    private void engine() {
        counter("jay_prompt_tokens", "Tokens of prompts run.", EngineStatus::promptTokens);
        counter("jay_decoded_tokens", "Tokens chosen.", EngineStatus::decodedTokens);
        counter("jay_answers_finished", "Answers ended, however.", EngineStatus::finished);
        counter("jay_answers_failed", "Answers that failed.", EngineStatus::failed);
        gauge("jay_sequences_running", "Sequences that hold a cache.", EngineStatus::running);
        gauge("jay_sequences_waiting", "Requests not yet let in.", EngineStatus::waiting);
        gauge("jay_kv_pages", "KV pages in all.", EngineStatus::pages);
        counter("jay_reused_tokens", "Tokens not run because they were known.", EngineStatus::reusedTokens);
        counter("jay_preemptions", "Times a sequence gave up its pages and waited again.", EngineStatus::preempted);
        gauge(
                "jay_kv_pages_shared",
                "KV pages others may stand on too, of sequences that run.",
                EngineStatus::sharedPages);
        gauge("jay_kv_pages_cached", "KV pages of idle prefixes.", EngineStatus::cachedPages);
        counter(
                "jay_kv_file_demoted",
                "Strides written to the KV file.",
                s -> s.tier().written());
        counter(
                "jay_kv_file_promoted",
                "Strides read back from the KV file.",
                s -> s.tier().read());
        gauge("jay_kv_file_bytes", "Bytes of the KV file.", s -> s.tier().bytes());
        gauge(
                "jay_memory_pressure",
                "How short memory is around the process: 0 not, 1 short, 2 critical.",
                s -> s.pressure().ordinal());
        counter(
                "jay_answers_resumed",
                "Answers that went on from where a process before left them.",
                EngineStatus::resumed);
        counter("jay_kv_pages_shed", "KV pages given back because of that.", EngineStatus::shedPages);
        gauge("jay_kv_pages_free", "KV pages nobody holds.", EngineStatus::freePages);
    }

    private void memory() {
        GaugeWithCallback.builder()
                .name("jay_memory_bytes")
                .help("Off-heap bytes held, by purpose; mapped weights among them.")
                .labelNames("model", "purpose")
                .callback(out -> loaded((name, model) ->
                        model.memory().byPurpose().forEach((purpose, bytes) -> out.call(bytes, name, purpose))))
                .register(registry);
        GaugeWithCallback.builder()
                .name("jay_java_heap_bytes")
                .help("Bytes of Java's heap in use.")
                .callback(out -> out.call(Runtime.getRuntime().totalMemory()
                        - Runtime.getRuntime().freeMemory()))
                .register(registry);
    }

    private void loaded(BiConsumer<String, Model> each) {
        for (Standing s : residents.standings()) s.model().ifPresent(model -> each.accept(s.name(), model));
    }

    private void counter(String name, String help, ToDoubleFunction<EngineStatus> value) {
        CounterWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames("model")
                .callback(out -> loaded((label, model) -> out.call(value.applyAsDouble(model.status()), label)))
                .register(registry);
    }

    private void gauge(String name, String help, ToDoubleFunction<EngineStatus> value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames("model")
                .callback(out -> loaded((label, model) -> out.call(value.applyAsDouble(model.status()), label)))
                .register(registry);
    }

    /** @param path as routed, not as sent: a client must not be able to make up label values */
    void answered(String path, int status, double took) {
        requests.labelValues(path, Integer.toString(status)).inc();
        seconds.labelValues(path).observe(took);
    }

    /** What ends a request whose client has left. */
    CloseConnectionException clientLeft() {
        left.inc();
        return new CloseConnectionException("the client left before its answer was done");
    }

    void send(ServerRequest request, ServerResponse response) throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        PrometheusTextFormatWriter.create().write(text, registry.scrape(), EscapingScheme.DEFAULT);
        response.header(HeaderNames.CONTENT_TYPE, PrometheusTextFormatWriter.CONTENT_TYPE);
        response.send(text.toByteArray());
    }
}
