// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.Model;
import dev.jay.tensor.kernel.Numerics;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Texts as vectors for a request that waits for them; one that leaves, or takes too long, ends them. */
final class Vectors {
    /** @param tokens of all the texts together */
    record Made(List<float[]> vectors, int tokens) {}

    private final Model model;
    private final ServerOptions options;
    private final Answers answers;

    Vectors(Model model, ServerOptions options, Answers answers) {
        this.model = model;
        this.options = options;
        this.answers = answers;
    }

    /** @param name the field that has the texts, for refusals */
    Made of(List<int[]> inputs, Numerics numerics, String name, ServerRequest request, ServerResponse response)
            throws InterruptedException {
        FutureTask<List<float[]>> work = new FutureTask<>(() -> model.embed(inputs, model.pooling(), numerics));
        CountDownLatch running = new CountDownLatch(1);
        Thread worker = Thread.startVirtualThread(() -> {
            work.run();
            running.countDown();
        });
        AtomicBoolean late = new AtomicBoolean();
        Thread.startVirtualThread(() -> endInTime(running, worker, late));
        try {
            answers.await(running, request, response);
            return new Made(work.get(), inputs.stream().mapToInt(i -> i.length).sum());
        } catch (ExecutionException e) {
            throw failed(e.getCause(), name, late.get());
        } finally {
            worker.interrupt();
            worker.join();
        }
    }

    private void endInTime(CountDownLatch running, Thread worker, AtomicBoolean late) {
        try {
            if (running.await(options.requestTime().toMillis(), TimeUnit.MILLISECONDS)) return;
            late.set(true);
            worker.interrupt();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static RuntimeException failed(Throwable cause, String name, boolean late) {
        return switch (cause) {
            case Error error -> throw error;
            case IllegalStateException ended
            when late ->
                ApiException.of(408, "timeout_error", "request_timeout", "the embeddings took too long and were ended");
            case UnsupportedOperationException none ->
                ApiException.invalid("model", "unsupported_parameter", none.getMessage());
            case IllegalArgumentException wrong -> ApiException.invalid(name, wrong.getMessage());
            case RuntimeException known -> known;
            default -> new IllegalStateException(cause);
        };
    }

    /** Cut to what the model holds; the last token stays, which may be one that models end texts with. */
    int[] cut(int[] tokens) {
        int most = model.contextLength();
        if (tokens.length <= most) return tokens;
        int[] cut = Arrays.copyOf(tokens, most);
        cut[most - 1] = tokens[tokens.length - 1];
        return cut;
    }

    int dim() {
        return model.spec().dim();
    }
}
