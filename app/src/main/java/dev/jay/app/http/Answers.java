// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.Generation;
import dev.jay.engine.Model;
import dev.jay.engine.Request;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Runs what a request wants and sends the answers, whole or streamed; a client that leaves ends them. */
final class Answers {
    private static final long PATIENCE_MILLIS = 1000; // a connection that is watched cannot be used again
    private static final long LOOK_MILLIS = 100;

    /** Reads a request's fields into what it wants. */
    interface Endpoint {
        Wanted read(Fields fields);
    }

    /** One generation for each request; the answers are written in this shape. */
    record Wanted(List<Request> requests, boolean stream, boolean usage, ReplyShape shape) {
        /** The same, no answer longer than there is room for after its prompt. */
        Wanted within(int context) {
            return new Wanted(requests.stream().map(r -> within(r, context)).toList(), stream, usage, shape);
        }

        private static Request within(Request request, int context) {
            int room = Math.max(1, context - request.prompt().length);
            boolean fits = request.maxTokens().orElse(0) <= room;
            return fits ? request : request.withMaxTokens(room);
        }
    }

    private final Model model;
    private final ServerOptions options;
    private final Metrics metrics;
    private final Peers peers;
    private final Optional<EventStream> begun;

    /** @param begun where the reply to a request that streams has begun, before its model was there */
    Answers(Model model, ServerOptions options, Metrics metrics, Peers peers, Optional<EventStream> begun) {
        this.begun = begun;
        this.model = model;
        this.options = options;
        this.metrics = metrics;
        this.peers = peers;
    }

    void serve(Wanted wanted, Voice voice, String tenant, ServerRequest request, ServerResponse response)
            throws InterruptedException {
        List<Generation> generations = start(wanted.requests(), tenant);
        try {
            if (wanted.stream()) stream(wanted, generations, voice, response);
            else whole(wanted, generations, voice, request, response);
        } finally {
            generations.forEach(Generation::cancel);
            generations.forEach(Generation::close);
        }
    }

    private List<Generation> start(List<Request> requests, String tenant) {
        List<Generation> generations = new ArrayList<>();
        boolean all = false;
        try {
            for (Request each : requests) generations.add(model.generate(each.withTenant(tenant)));
            all = true;
            return generations;
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid(null, e.getMessage());
        } finally {
            if (!all) generations.forEach(Generation::close);
        }
    }

    private void whole(
            Wanted wanted, List<Generation> generations, Voice voice, ServerRequest request, ServerResponse response)
            throws InterruptedException {
        CountDownLatch running = new CountDownLatch(generations.size());
        for (Generation each : generations) {
            Thread.startVirtualThread(() -> {
                try {
                    each.finish();
                } finally {
                    running.countDown();
                }
            });
        }
        await(running, request, response);
        List<ReplyShape.Answer> answers = new ArrayList<>();
        for (Generation each : generations) {
            answers.add(new ReplyShape.Answer(each.text(), each.tokens(), each.finish()));
        }
        response.header(HeaderNames.CONTENT_TYPE, Json.CONTENT_TYPE);
        response.send(Json.bytes(voice.whole(wanted.shape().whole(answers))));
    }

    /** Waits until all are done; a client that leaves ends that by an exception. */
    void await(CountDownLatch running, ServerRequest request, ServerResponse response) throws InterruptedException {
        if (running.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) return;
        response.header(HeaderValues.CONNECTION_CLOSE);
        BooleanSupplier left = peers.watch(request);
        while (!running.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
            if (left.getAsBoolean()) throw metrics.clientLeft();
        }
    }

    private void stream(Wanted wanted, List<Generation> generations, Voice voice, ServerResponse response)
            throws InterruptedException {
        try (EventStream events = begun.orElseGet(() -> new EventStream(response, voice.framing(), options.ping()))) {
            new Streaming(wanted, generations, voice, events).run();
        } catch (EventStream.ClosedException e) {
            throw metrics.clientLeft();
        }
    }
}
