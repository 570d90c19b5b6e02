// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http1.Http1ConnectionListener;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/**
 * The connections behind the requests that run now: a client that sends its header or its body too slowly is cut off, and
 * a request that waits can see its client leave.
 */
final class Peers implements Http1ConnectionListener, AutoCloseable {
    private static final Duration HEADER_TIME = Duration.ofSeconds(30);

    private static final int MOST_KNOWN = 4096; // more than can be open at once

    /** A request that is refused before it is routed is not forgotten: what it leaves must not hold its connection. */
    private record Connection(
            WeakReference<ConnectionContext> context, Future<?> deadline, AtomicBoolean watched, AtomicBoolean left) {}

    /** Ends a deadline. */
    interface Deadline extends AutoCloseable {
        @Override
        void close();
    }

    private final Map<String, Connection> open = new ConcurrentHashMap<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    @Override
    public void prologue(ConnectionContext context, HttpPrologue prologue) {
        put(context, cutOff(context, HEADER_TIME));
    }

    @Override
    public void headers(ConnectionContext context, Headers headers) {
        Connection known = open.get(key(context.socketId(), context.childSocketId()));
        if (known != null) known.deadline().cancel(true);
    }

    private void put(ConnectionContext context, Future<?> deadline) {
        if (open.size() >= MOST_KNOWN) open.values().removeIf(c -> c.context().refersTo(null));
        Connection now =
                new Connection(new WeakReference<>(context), deadline, new AtomicBoolean(), new AtomicBoolean());
        Connection before = open.put(key(context.socketId(), context.childSocketId()), now);
        if (before != null) before.deadline().cancel(true);
    }

    private Future<?> cutOff(ConnectionContext context, Duration time) {
        return threads.submit(() -> {
            try {
                Thread.sleep(time);
                context.serverSocket().close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // in time
            }
        });
    }

    /** Unless closed within this time, the connection is cut off. */
    Deadline deadline(ServerRequest request, Duration time) {
        ConnectionContext known = connectionOf(request);
        if (known == null) return () -> {};
        Future<?> cut = cutOff(known, time);
        return () -> cut.cancel(true);
    }

    /**
     * Starts to read ahead on the connection of a request whose body has been read: from then on nobody else may, so it
     * must be closed after the answer. Asked again, it is the same watch.
     *
     * @return whether the client has hung up
     */
    BooleanSupplier watch(ServerRequest request) {
        Connection known = open.get(key(request.serverSocketId(), request.socketId()));
        if (known == null) return () -> false;
        ConnectionContext context = known.context().get();
        if (context != null && known.watched().compareAndSet(false, true)) {
            Thread.startVirtualThread(() -> {
                try {
                    context.dataReader().ensureAvailable();
                } catch (RuntimeException e) {
                    known.left().set(true); // the end of what it sends, or of the connection
                }
            });
        }
        return known.left()::get;
    }

    private ConnectionContext connectionOf(ServerRequest request) {
        Connection known = open.get(key(request.serverSocketId(), request.socketId()));
        return known == null ? null : known.context().get();
    }

    void forget(ServerRequest request) {
        open.remove(key(request.serverSocketId(), request.socketId()));
    }

    /** Requests that are not forgotten. */
    int known() {
        return open.size();
    }

    private static String key(String server, String client) {
        return server + ' ' + client;
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
