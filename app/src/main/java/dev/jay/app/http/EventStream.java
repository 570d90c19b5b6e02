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

/** Server-sent events, each sent at once. Every write may find that the client has left. */
final class EventStream implements AutoCloseable {
    /** The client has left. */
    static final class ClosedException extends RuntimeException {
        private static final long serialVersionUID = 1;

        ClosedException(Throwable cause) {
            super(cause);
        }
    }

    private final OutputStream out;
    private final Duration silence;

    /** @param silence how long nothing may be sent before a comment is */
    EventStream(ServerResponse response, Duration silence) {
        response.header(HeaderNames.CONTENT_TYPE, "text/event-stream; charset=utf-8");
        response.header(HeaderNames.CACHE_CONTROL, "no-cache");
        response.header("X-Accel-Buffering", "no");
        out = response.outputStream();
        this.silence = silence;
    }

    Duration silence() {
        return silence;
    }

    void data(ObjectNode json) {
        write("data: " + json + "\n\n");
    }

    /** Clients skip it; a client that is gone shows by it. */
    void ping() {
        write(": ping\n\n");
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
        try {
            out.close();
        } catch (IOException | UncheckedIOException e) {
            throw new ClosedException(e);
        }
    }
}
