// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.app.resident.Residents;
import dev.jay.engine.Model;
import io.helidon.common.socket.SocketOptions;
import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http1.Http1Config;
import java.net.UnknownHostException;
import java.time.Duration;

/**
 * A model behind OpenAI's HTTP API: chat and text completions, whole or streamed, on virtual threads. Prompts and answers
 * are never logged.
 */
public final class Server implements AutoCloseable {
    private static final Duration IDLE = Duration.ofMinutes(1);
    private static final Duration GRACE = Duration.ofSeconds(5);
    private static final int CONNECTIONS = 1024;

    private final WebServer web;
    private final Peers peers;
    private final Places places;
    private final Residents residents;
    private final boolean ownResidents;

    private Server(WebServer web, Peers peers, Places places, Residents residents, boolean ownResidents) {
        this.places = places;
        this.web = web;
        this.peers = peers;
        this.residents = residents;
        this.ownResidents = ownResidents;
    }

    /**
     * Listens. The model stays the caller's, who closes it after the server.
     *
     * @throws IllegalArgumentException if others could reach the address and there is no API key
     */
    public static Server start(Model model, ServerOptions options) throws UnknownHostException {
        Access.check(options);
        String name = options.modelName().orElseGet(() -> model.name().replaceFirst("\\.(gguf|bin)$", ""));
        return start(Residents.of(name, model), options, true);
    }

    /** As {@link #start(Model, ServerOptions)}, for several models; {@code options} do not name them. */
    public static Server start(Residents residents, ServerOptions options) throws UnknownHostException {
        return start(residents, options, false);
    }

    private static Server start(Residents residents, ServerOptions options, boolean own) throws UnknownHostException {
        Access.check(options);
        Peers peers = new Peers();
        Places places = new Places(options.concurrent(), options.perKey());
        Routes routes = new Routes(residents, options, peers, places);
        WebServerConfig.Builder web = WebServer.builder()
                .host(options.host())
                .port(options.port())
                .shutdownHook(false)
                .shutdownGracePeriod(GRACE)
                .maxPayloadSize(options.bodyBytes())
                .maxTcpConnections(CONNECTIONS)
                .useNio(false)
                .featuresDiscoverServices(false)
                .connectionOptions(SocketOptions.builder().tcpNoDelay(true).build())
                .idleConnectionTimeout(IDLE)
                .idleConnectionPeriod(IDLE)
                .addProtocol(Http1Config.builder()
                        .maxHeadersSize(options.headerBytes())
                        .addReceiveListener(peers)
                        .build())
                .directHandlers(refusals())
                .routing(routes::register);
        return new Server(web.build().start(), peers, places, residents, own);
    }

    /** What the HTTP layer refuses before a route is found has the same shape as every other error. */
    private static DirectHandlers refusals() {
        DirectHandlers.Builder handlers = DirectHandlers.builder();
        for (DirectHandler.EventType type : DirectHandler.EventType.values()) {
            handlers.addHandler(
                    type,
                    (request, event, status, headers, message) -> DirectHandler.TransportResponse.builder()
                            .status(status)
                            .headers(headers)
                            .keepAlive(event.keepAlive())
                            .header(HeaderNames.CONTENT_TYPE, Json.CONTENT_TYPE)
                            .entity(Json.bytes(
                                    ErrorShape.of(request.path()).body(Errors.ofStatus(status.code(), message))))
                            .build());
        }
        return handlers.build();
    }

    public int port() {
        return web.port();
    }

    /** What clients call the model; the first of several. */
    public String modelName() {
        return residents.names().iterator().next();
    }

    Peers peers() {
        return peers;
    }

    /**
     * Takes no more requests and lets those inside come to their end, for at most so long.
     *
     * @return whether all did
     */
    public boolean finish(Duration most) throws InterruptedException {
        places.close();
        return places.awaitEmpty(most.toMillis());
    }

    /** Takes no more requests, gives those inside a moment to end, then ends them. */
    @Override
    public void close() {
        web.stop();
        peers.close();
        if (ownResidents) residents.close();
    }
}
