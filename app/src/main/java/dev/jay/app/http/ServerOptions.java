// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * How the server listens and what it takes.
 *
 * @param host           the address to listen on; anything but loopback needs an API key or {@code insecure}
 * @param port           0 for any free one
 * @param modelName      what clients call the model; empty for its file's name
 * @param apiKeys        any of these lets a request in; none: every request is let in
 * @param insecure       allows an address that others reach without an API key
 * @param corsOrigin     the web page that may call from a browser ({@code *} for any); empty for none
 * @param bodyBytes      the largest request body
 * @param headerBytes    the largest header of a request
 * @param requestTime    the longest that an answer may take
 * @param ping           how long a stream is silent before it gets a comment, which shows whether the client still reads
 * @param concurrent     the most requests inside at once, waiting ones among them
 * @param perKey         of these, the most of one API key
 */
public record ServerOptions(
        String host,
        int port,
        Optional<String> modelName,
        List<String> apiKeys,
        boolean insecure,
        Optional<String> corsOrigin,
        long bodyBytes,
        int headerBytes,
        Duration requestTime,
        Duration ping,
        int concurrent,
        int perKey) {
    /** Loopback, port 8080, no key, bodies of 4 MiB, headers of 16 KiB, ten minutes. */
    public static final ServerOptions DEFAULT = new ServerOptions(
            "127.0.0.1",
            8080,
            Optional.empty(),
            List.of(),
            false,
            Optional.empty(),
            4 << 20,
            16 << 10,
            Duration.ofMinutes(10),
            Duration.ofSeconds(5),
            128,
            128);

    public ServerOptions {
        apiKeys = List.copyOf(apiKeys);
        if (apiKeys.stream().anyMatch(String::isBlank))
            throw new IllegalArgumentException("server: an API key is blank");
        if (bodyBytes < 1 || bodyBytes > 1 << 30) {
            throw new IllegalArgumentException("server: bodyBytes=" + bodyBytes + ", allowed: 1 to 1073741824");
        }
    }

    /** Without the keys. */
    @Override
    public String toString() {
        return "ServerOptions[host=" + host + ", port=" + port + ", modelName=" + modelName + ", apiKeys="
                + apiKeys.size() + ", insecure=" + insecure + ", corsOrigin=" + corsOrigin + "]";
    }

    public ServerOptions withListening(String onHost, int onPort) {
        return changed(c -> {
            c.host = onHost;
            c.port = onPort;
        });
    }

    public ServerOptions withModelName(Optional<String> name) {
        return changed(c -> c.modelName = name);
    }

    public ServerOptions withAccess(List<String> keys, boolean isInsecure, Optional<String> origin) {
        return changed(c -> {
            c.apiKeys = keys;
            c.insecure = isInsecure;
            c.corsOrigin = origin;
        });
    }

    public ServerOptions withLimits(long ofBody, int ofHeader, Duration ofTime, int ofRequests) {
        return changed(c -> {
            c.bodyBytes = ofBody;
            c.headerBytes = ofHeader;
            c.requestTime = ofTime;
            c.concurrent = ofRequests;
            c.perKey = Math.min(perKey, ofRequests);
        });
    }

    public ServerOptions withPing(Duration silence) {
        return changed(c -> c.ping = silence);
    }

    public ServerOptions withPerKey(int requests) {
        if (requests < 1) throw new IllegalArgumentException("server: perKey=" + requests + ", allowed: 1 or more");
        return changed(c -> c.perKey = requests);
    }

    private ServerOptions changed(Consumer<Copy> change) {
        Copy copy = new Copy(this);
        change.accept(copy);
        return copy.made();
    }

    /** The same values, to be changed. */
    private static final class Copy {
        private String host;
        private int port;
        private Optional<String> modelName;
        private List<String> apiKeys;
        private boolean insecure;
        private Optional<String> corsOrigin;
        private long bodyBytes;
        private int headerBytes;
        private Duration requestTime;
        private Duration ping;
        private int concurrent;
        private int perKey;

        Copy(ServerOptions from) {
            host = from.host;
            port = from.port;
            modelName = from.modelName;
            apiKeys = from.apiKeys;
            insecure = from.insecure;
            corsOrigin = from.corsOrigin;
            bodyBytes = from.bodyBytes;
            headerBytes = from.headerBytes;
            requestTime = from.requestTime;
            ping = from.ping;
            concurrent = from.concurrent;
            perKey = from.perKey;
        }

        ServerOptions made() {
            return new ServerOptions(
                    host,
                    port,
                    modelName,
                    apiKeys,
                    insecure,
                    corsOrigin,
                    bodyBytes,
                    headerBytes,
                    requestTime,
                    ping,
                    concurrent,
                    perKey);
        }
    }
}
