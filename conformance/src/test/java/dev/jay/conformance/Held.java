// SPDX-License-Identifier: Apache-2.0
package dev.jay.conformance;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A stream that is begun and not read: it holds a place in the server until it is let go. */
final class Held implements AutoCloseable {
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final InputStream body;

    Held(Served served) throws IOException, InterruptedException {
        String json = "{\"prompt\":\"Once\",\"max_tokens\":450,\"ignore_eos\":true,\"stream\":true,"
                + "\"logprobs\":20,\"n\":16}"; // more than sockets buffer
        HttpResponse<InputStream> response = client.send(
                HttpRequest.newBuilder(URI.create(served.url() + "/completions"))
                        .header("Authorization", "Bearer " + Served.KEY)
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(json))
                        .build(),
                HttpResponse.BodyHandlers.ofInputStream());
        if (response.statusCode() != 200) throw new AssertionError("status=" + response.statusCode());
        body = response.body();
    }

    void letGoIn(long time, TimeUnit unit) {
        CompletableFuture.delayedExecutor(time, unit).execute(this::close);
    }

    @Override
    public void close() {
        try {
            body.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        client.shutdownNow();
    }
}
