// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.app.resident.KeepAlive;
import dev.jay.app.resident.Residents;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import tools.jackson.databind.JsonNode;

/** Which of the server's models a request means, how long it asks it to stay, and the wait for it. */
final class ModelChoice {
    private static final Duration PATIENCE = Duration.ofSeconds(1); // a connection that is watched cannot be used again
    private static final Duration LOOK = Duration.ofMillis(100);

    private final Residents residents;
    private final ServerOptions options;
    private final Metrics metrics;
    private final Peers peers;

    ModelChoice(Residents residents, ServerOptions options, Metrics metrics, Peers peers) {
        this.residents = residents;
        this.options = options;
        this.metrics = metrics;
        this.peers = peers;
    }

    /** By the body's {@code model} (Ollama's older clients: {@code name}), or the query's; unsaid, the only one there is. */
    String name(Fields body, ServerRequest request) {
        Optional<String> asked = body.text("model")
                .or(() -> request.path().path().startsWith("/api/") ? body.text("name") : Optional.empty())
                .or(() -> request.query().first("model").asOptional());
        if (asked.isPresent()) return known(asked.get());
        if (residents.names().size() == 1) return residents.names().iterator().next();
        throw ApiException.invalid(
                "model", "missing_required_parameter", "model is missing; there are " + residents.names());
    }

    /** The name of a model that goes by this one too. */
    String known(String asked) {
        for (String name : residents.names()) {
            boolean is = asked.equals(name) || Ollama.untagged(asked).equals(name);
            if (is || asked.equals(name + ".gguf") || asked.equals(name + ".bin")) return name;
        }
        boolean one = residents.names().size() == 1;
        throw ApiException.of(
                404,
                "invalid_request_error",
                "model_not_found",
                "no such model here; " + (one ? "the one that is: " : "those that are: ")
                        + String.join(", ", residents.names()));
    }

    /** What the request says of it. */
    static Optional<KeepAlive> keepAlive(Fields body) {
        Optional<JsonNode> said = body.get("keep_alive");
        if (said.isEmpty()) return Optional.empty();
        JsonNode value = said.get();
        if (value.isNumber()) return Optional.of(KeepAlive.ofSeconds(value.decimalValue()));
        if (!value.isString()) throw body.wrong("keep_alive", "a string or a number", value);
        try {
            return Optional.of(KeepAlive.parse(value.stringValue()));
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid("keep_alive", e.getMessage());
        }
    }

    /**
     * Waits until the model is here. Where the reply is to be streamed it begins meanwhile: its client is told now and then
     * that it is not forgotten. A client that leaves, or has waited as long as a request may take, ends that by an exception.
     */
    void await(Residents.Use use, EarlyStream early, ServerRequest request, ServerResponse response)
            throws InterruptedException {
        Duration patience = options.ping().compareTo(PATIENCE) < 0 ? options.ping() : PATIENCE;
        if (use.await(patience)) return;
        long end = System.nanoTime() + options.requestTime().toNanos();
        BooleanSupplier left = () -> false;
        if (!early.begin(options.ping())) {
            response.header(HeaderValues.CONNECTION_CLOSE);
            left = peers.watch(request);
        }
        while (!use.await(early.isBegun() ? options.ping() : LOOK)) {
            if (left.getAsBoolean()) throw metrics.clientLeft();
            if (System.nanoTime() > end) {
                throw ApiException.of(503, "server_error", "model_loading", "the model is still being loaded");
            }
            try {
                early.ping();
            } catch (EventStream.ClosedException e) {
                throw metrics.clientLeft();
            }
        }
    }
}
