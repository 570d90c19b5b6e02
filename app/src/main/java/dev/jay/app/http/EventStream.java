// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import tools.jackson.databind.node.ObjectNode;

/** Server-sent events, or lines of JSON, each sent at once. Every write may find that the client has left. */
final class EventStream implements AutoCloseable {
    /** The client has left. */
    static final class ClosedException extends RuntimeException {
        private static final long serialVersionUID = 1;

        ClosedException(Throwable cause) {
            super(cause);
        }
    }

    /** What separates the parts. */
    enum Framing {
        EVENTS("text/event-stream; charset=utf-8", ": ping\n\n"),
        /** Between two values of JSON a space means nothing. */
        LINES("application/x-ndjson", " ");

        private final String type;
        private final String ping;

        Framing(String type, String ping) {
            this.type = type;
            this.ping = ping;
        }
    }

    private final Framing framing;
    private final OutputStream out;
    private final Duration silence;
    private boolean closed;

    /** @param silence how long nothing may be sent before a comment is */
    EventStream(ServerResponse response, Framing framing, Duration silence) {
        this.framing = framing;
        response.header(HeaderNames.CONTENT_TYPE, framing.type);
        response.header(HeaderNames.CACHE_CONTROL, "no-cache");
        response.header("X-Accel-Buffering", "no");
        out = response.outputStream();
        this.silence = silence;
    }

    /** Parts that go to {@code out} and nowhere else. */
    EventStream(OutputStream out, Framing framing) {
        this.framing = framing;
        this.out = out;
        silence = Duration.ZERO;
    }

    Duration silence() {
        return silence;
    }

    void data(ObjectNode json) {
        write(framing == Framing.LINES ? json + "\n" : "data: " + json + "\n\n");
    }

    /** An event that has a name besides what its data says. */
    void event(String name, ObjectNode json) {
        write("event: " + name + "\ndata: " + json + "\n\n");
    }

    /** Clients skip it; a client that is gone shows by it. */
    void ping() {
        write(framing.ping);
    }

    void done() {
        write("data: [DONE]\n\n");
    }

    private void write(String text) {
        try {
            out.write(text.getBytes(StandardCharsets.UTF_8));
            out.flush();
        } catch (IOException | UncheckedIOException | CloseConnectionException e) {
            throw new ClosedException(e);
        }
    }

    @Override
    public void close() {
        if (closed) return;
        closed = true;
        try {
            out.close();
        } catch (IOException | UncheckedIOException e) {
            throw new ClosedException(e);
        }
    }
}
