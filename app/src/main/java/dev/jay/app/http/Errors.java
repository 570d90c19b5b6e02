// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.app.resident.LoadException;
import dev.jay.app.resident.ModelsClosedException;
import dev.jay.engine.ContextFullException;
import dev.jay.engine.FinishReason;
import dev.jay.engine.GenerationException;
import dev.jay.engine.NeverFitsException;
import dev.jay.engine.QueueFullException;
import dev.jay.tensor.memory.OutOfBudgetException;
import io.helidon.http.HeaderNames;
import io.helidon.http.HttpException;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.UncheckedIOException;
import java.util.UUID;
import java.util.concurrent.TimeoutException;

/** Turns what went wrong into what a client is told; what is our own fault is logged and not told. */
final class Errors {
    private static final System.Logger LOG = System.getLogger(Errors.class.getName());
    private static final int RETRY_SECONDS = 1;

    private Errors() {}

    static void handle(ServerRequest request, ServerResponse response, Throwable thrown) {
        handle(request, response, thrown, RETRY_SECONDS);
    }

    /** @param retrySeconds when a client that found no room should come again */
    static void handle(ServerRequest request, ServerResponse response, Throwable thrown, int retrySeconds) {
        if (thrown instanceof CloseConnectionException closed) throw closed; // nobody is there to be told
        if (thrown instanceof UncheckedIOException broken) throw broken;
        if (response.isSent()) return;
        ApiException e = told(thrown);
        response.status(Status.create(e.status()));
        if (e.status() == 429 || e.status() == 503) {
            response.header(HeaderNames.RETRY_AFTER, Integer.toString(retrySeconds));
        }
        if (e.status() == 401) response.header(HeaderNames.WWW_AUTHENTICATE, "Bearer realm=\"jay\"");
        response.header(HeaderNames.CONTENT_TYPE, Json.CONTENT_TYPE);
        response.send(Json.bytes(ErrorShape.of(request.path().path()).body(e)));
    }

    static ApiException told(Throwable thrown) {
        return switch (thrown) {
            case ApiException known -> known;
            case ContextFullException full -> ApiException.invalid(null, "context_length_exceeded", full.getMessage());
            case NeverFitsException full -> ApiException.invalid(null, "never_fits", full.getMessage());
            case QueueFullException full ->
                ApiException.of(429, "rate_limit_error", "queue_full", full.getMessage() + "; try again soon");
            case OutOfBudgetException full ->
                ApiException.of(503, "server_error", "out_of_memory", "the server is out of memory; try again soon");
            case OutOfMemoryError full ->
                ApiException.of(503, "server_error", "out_of_memory", "the server is out of memory; try again soon");
            case InterruptedException stopping -> stopping();
            case GenerationException ended -> ended(ended);
            case LoadException failed -> notLoaded(failed);
            case ModelsClosedException closed -> stopping();
            case RequestException refused -> ofStatus(refused.status().code(), refused.getMessage());
            case HttpException http -> ofStatus(http.status().code(), http.getMessage());
            default -> internal(thrown);
        };
    }

    /** What is wrong with a file may name where it lies: the log has it. */
    private static ApiException notLoaded(LoadException e) {
        return switch (e.getCause()) {
            case NeverFitsException full -> told(full);
            case OutOfBudgetException full -> told(full);
            case OutOfMemoryError full -> told(full);
            default -> {
                LOG.log(System.Logger.Level.ERROR, e.getMessage(), e.getCause());
                yield ApiException.of(
                        500,
                        "server_error",
                        "model_load_failed",
                        "the model cannot be loaded; the server's log says why");
            }
        };
    }

    private static ApiException ended(GenerationException e) {
        if (e.finish().reason() == FinishReason.CANCELLED) {
            return e.getCause() instanceof TimeoutException
                    ? ApiException.of(
                            408,
                            "timeout_error",
                            "request_timeout",
                            "the answer took too long and was ended before it was done")
                    : stopping();
        }
        return switch (e.getCause()) {
            case OutOfBudgetException full -> told(full);
            case OutOfMemoryError full -> told(full);
            case null, default -> internal(e);
        };
    }

    static ApiException stopping() {
        return ApiException.of(503, "server_error", "stopping", "the server is stopping");
    }

    /** For what the HTTP layer itself refuses. */
    static ApiException ofStatus(int status, String message) {
        return switch (status) {
            case 404 -> ApiException.of(404, "invalid_request_error", "not_found", "no such path");
            case 413 -> tooLarge();
            case 500 -> ApiException.of(500, "server_error", null, "internal error");
            default ->
                ApiException.of(
                        status,
                        status < 500 ? "invalid_request_error" : "server_error",
                        null,
                        "HTTP " + status + ": " + plain(message));
        };
    }

    static ApiException tooLarge() {
        return ApiException.of(
                413, "invalid_request_error", "body_too_large", "the request's body is larger than allowed");
    }

    private static String plain(String message) {
        if (message == null) return "bad request";
        String printable = message.replaceAll("[^\\x20-\\x7e]", "?");
        return printable.length() > 200 ? printable.substring(0, 200) : printable;
    }

    private static ApiException internal(Throwable thrown) {
        String id = UUID.randomUUID().toString();
        LOG.log(System.Logger.Level.ERROR, "internal error " + id, thrown);
        return ApiException.of(500, "server_error", null, "internal error; the server's log has it as " + id);
    }
}
