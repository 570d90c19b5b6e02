// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.app.resident.Residents;
import io.helidon.common.buffers.DataReader;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/** Which path goes where, and what every request gets: an id, a place inside, a count, an error it can read. */
final class Routes {
    /** Answers one request; what it throws becomes an error object. */
    interface Action {
        void run(ServerRequest request, ServerResponse response) throws IOException, InterruptedException;
    }

    private static final int CLIENT_LEFT = 499; // in the metrics only: nobody is there to be told
    private static final Duration BODY_TIME = Duration.ofSeconds(30);
    private static final Duration SEND_TIME =
            Duration.ofSeconds(30); // a client that stops reading holds no place for ever
    private static final String REQUEST_ID = "X-Request-Id";

    private final Residents residents;
    private final ModelChoice choice;
    private final ModelDoors doors;
    private final ServerOptions options;
    private final Metrics metrics;
    private final Peers peers;
    private final Places places;

    Routes(Residents residents, ServerOptions options, Peers peers, Places places) {
        this.residents = residents;
        this.options = options;
        this.peers = peers;
        metrics = new Metrics(residents);
        this.places = places;
        choice = new ModelChoice(residents, options, metrics, peers);
        doors = new ModelDoors(residents, choice, options, metrics, peers);
    }

    void register(HttpRouting.Builder routing) {
        routing.error(Throwable.class, Errors::handle);
        routing.addFilter((chain, request, response) -> {
            response.header(REQUEST_ID, "req-" + UUID.randomUUID());
            try {
                chain.proceed();
            } finally {
                peers.forget(request); // also where nobody may come in or the path leads nowhere
            }
        });
        routing.addFilter(new Access(options));
        routing.get(AdapterScales.PATH, counted(AdapterScales.PATH, limited(this::adapters)));
        Doors.PATHS.forEach((path, door) -> post(routing, path, (req, res) -> {
            Fields body = body(req);
            if (!doors.letGo(body, req, res)) doors.enter(door, body, tenant(req), req, res);
        }));
        post(routing, "/models/load", (req, res) -> doors.load(body(req), req, res));
        post(routing, "/models/unload", (req, res) -> doors.unload(body(req), req, res));
        ModelList list = new ModelList(residents);
        get(routing, "/models", (req, res) -> send(res, list.all()));
        get(routing, "/v1/models", (req, res) -> send(res, list.all()));
        get(
                routing,
                "/v1/models/{id}",
                (req, res) -> send(
                        res, list.one(choice.known(req.path().pathParameters().get("id")))));
        get(routing, "/health", (req, res) -> {
            if (places.isClosing()) throw Errors.stopping();
            send(res, Json.object().put("status", "ok"));
        });
        OllamaModels ollama = new OllamaModels(residents);
        post(routing, "/api/show", (req, res) -> {
            Fields body = body(req);
            send(res, ollama.show(choice.name(body, req)));
        });
        get(routing, "/api/tags", (req, res) -> send(res, ollama.tags()));
        get(routing, "/api/ps", (req, res) -> send(res, ollama.loaded()));
        get(routing, "/api/version", (req, res) -> send(res, ollama.version()));
        MemoryReport memory = new MemoryReport(residents);
        get(routing, "/v1/memory", (req, res) -> send(res, memory.now()));
        for (Page part : Page.values()) get(routing, part.path(), (_, res) -> part.send(res));
        get(routing, "/metrics", metrics::send);
        routing.any((req, res) -> {
            throw Errors.ofStatus(404, "");
        });
    }

    private void post(HttpRouting.Builder routing, String path, Action action) {
        routing.post(path, counted(path, limited(action)));
        routing.any(path, notAllowed("POST"));
    }

    private void get(HttpRouting.Builder routing, String path, Action action) {
        routing.get(path, counted(path, action));
        routing.any(path, notAllowed("GET"));
    }

    private static Handler notAllowed(String allowed) {
        return (request, response) -> {
            response.header(HeaderNames.ALLOW, allowed);
            throw ApiException.of(
                    405, "invalid_request_error", "method_not_allowed", "this path answers " + allowed + " only");
        };
    }

    private Handler counted(String path, Action action) {
        return (request, response) -> {
            long start = System.nanoTime();
            int status = CLIENT_LEFT;
            try {
                try {
                    action.run(request, response);
                } catch (RuntimeException | IOException e) {
                    Errors.handle(request, response, e, places.secondsToRoom());
                }
                status = response.status().code();
            } finally {
                metrics.answered(path, status, (System.nanoTime() - start) / 1e9);
            }
        };
    }

    private Action limited(Action action) {
        return (request, response) -> {
            String tenant = tenant(request);
            places.enter(tenant);
            try (Peers.Deadline end =
                    peers.deadline(request, options.requestTime().plus(SEND_TIME))) {
                action.run(request, response);
            } finally {
                places.leave(tenant);
            }
        };
    }

    private String tenant(ServerRequest request) {
        return Access.tenant(request.headers(), !options.apiKeys().isEmpty());
    }

    private Fields body(ServerRequest request) throws IOException {
        String type =
                request.headers().value(HeaderNames.CONTENT_TYPE).orElse("").toLowerCase(Locale.ROOT);
        if (!type.split(";", 2)[0].strip().equals("application/json")) {
            throw ApiException.of(
                    415, "invalid_request_error", "unsupported_media_type", "send 'Content-Type: application/json'");
        }
        long length = request.headers().contentLength().orElse(0);
        if (length > options.bodyBytes()) throw Errors.tooLarge();
        if (length < 0) throw brokenBody();
        byte[] bytes;
        try (Peers.Deadline deadline = peers.deadline(request, BODY_TIME)) {
            bytes = Json.read(request.content().inputStream(), options.bodyBytes());
        } catch (DataReader.InsufficientDataAvailableException e) {
            throw new CloseConnectionException("the client left before its request was whole", e);
        } catch (IllegalArgumentException | IllegalStateException e) { // the length of a chunk that is none
            throw brokenBody();
        }
        boolean array = request.path().path().equals(AdapterScales.PATH); // its body has no name for it
        return Json.parse(array ? Json.named(AdapterScales.FIELD, bytes) : bytes);
    }

    private static ApiException brokenBody() {
        return ApiException.invalid(
                null, "broken_body", "the request's body is not sent as HTTP has it: a length is wrong");
    }

    static void send(ServerResponse response, JsonNode reply) {
        response.header(HeaderNames.CONTENT_TYPE, Json.CONTENT_TYPE);
        response.send(Json.bytes(reply));
    }

    private void adapters(ServerRequest request, ServerResponse response) throws IOException, InterruptedException {
        Fields nothing = new Fields(Json.object(), "");
        doors.enter(d -> d.adapters(), nothing, tenant(request), request, response);
    }
}
