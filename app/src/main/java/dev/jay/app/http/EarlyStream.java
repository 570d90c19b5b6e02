// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.util.Optional;

/** A streamed reply that may begin before its model is there. What goes wrong after that is told inside of it. */
final class EarlyStream implements AutoCloseable {
    private final ServerRequest request;
    private final ServerResponse response;
    private final boolean wanted;
    private EventStream events;

    EarlyStream(ServerRequest request, ServerResponse response, boolean wanted) {
        this.request = request;
        this.response = response;
        this.wanted = wanted;
    }

    /** Sends the head, if the reply is to be streamed. Returns whether it did. */
    boolean begin(Duration silence) {
        if (!wanted) return false;
        boolean lines = ErrorShape.of(request.path().path()) == ErrorShape.OLLAMA;
        events = new EventStream(response, lines ? EventStream.Framing.LINES : EventStream.Framing.EVENTS, silence);
        return true;
    }

    boolean isBegun() {
        return events != null;
    }

    void ping() {
        if (events != null) events.ping();
    }

    Optional<EventStream> begun() {
        return Optional.ofNullable(events);
    }

    /** Tells what went wrong, if there is a stream to tell it in and somebody there to be told. Returns whether it did. */
    boolean tell(RuntimeException e) {
        if (events == null || e instanceof CloseConnectionException) return false;
        ErrorShape shape = ErrorShape.of(request.path().path());
        try {
            if (shape == ErrorShape.ANTHROPIC) events.event("error", shape.body(Errors.told(e)));
            else events.data(shape.body(Errors.told(e)));
        } catch (EventStream.ClosedException gone) {
            throw new CloseConnectionException("the client left before its answer was done", gone);
        }
        return true;
    }

    @Override
    public void close() {
        if (events == null) return;
        try {
            events.close();
        } catch (EventStream.ClosedException gone) {
            throw new CloseConnectionException("the client left before its answer was done", gone);
        }
    }
}
