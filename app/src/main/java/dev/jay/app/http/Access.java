// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Headers;
import io.helidon.http.Method;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Who may come in: API keys, the web pages that may call, and the names this machine may be called by. */
final class Access implements Filter {
    private static final String BEARER = "Bearer ";
    private static final HeaderName X_API_KEY = HeaderNames.create("x-api-key");

    private static final Pattern LOCAL = Pattern.compile("(localhost|\\[::1]|127(\\.\\d{1,3}){3})(:\\d*)?");

    private final List<byte[]> keys;
    private final Optional<String> origin;
    private final boolean onlyLocalNames;

    Access(ServerOptions options) {
        keys = options.apiKeys().stream().map(Access::digest).toList();
        origin = options.corsOrigin();
        onlyLocalNames = keys.isEmpty() && !options.insecure();
    }

    /** An address that others reach needs a key. */
    static void check(ServerOptions options) throws UnknownHostException {
        boolean loopback = InetAddress.getByName(options.host()).isLoopbackAddress();
        if (!loopback && options.apiKeys().isEmpty() && !options.insecure()) {
            throw new IllegalArgumentException("server: host=" + options.host()
                    + " can be reached by others and there is no API key; give one, or listen on 127.0.0.1, or say that"
                    + " it is meant to be insecure");
        }
    }

    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        origin.ifPresent(allowed -> cors(allowed, response));
        if (origin.isPresent() && request.prologue().method() == Method.OPTIONS) {
            response.status(204).send();
            return;
        }
        if (onlyLocalNames && !isLocal(request.headers().value(HeaderNames.HOST))) {
            throw ApiException.of(
                    403,
                    "invalid_request_error",
                    "host_not_allowed",
                    "without an API key only local names are answered");
        }
        String path = request.path().path();
        boolean open = path.equals("/health") || Page.isPart(path);
        if (!open && !keys.isEmpty() && !holds(key(request.headers()))) {
            throw ApiException.of(
                    401,
                    "authentication_error",
                    "invalid_api_key",
                    "send one of the server's keys: 'Authorization: Bearer KEY'");
        }
        chain.proceed();
    }

    /** Whose a request is: what one tenant's requests leave behind no other finds. Says nothing about the key. */
    static String tenant(Headers headers, boolean keyed) {
        return keyed ? HexFormat.of().formatHex(digest(key(headers).orElse("")), 0, 8) : "";
    }

    /** The key a request brings: {@code Authorization: Bearer KEY}, or where there is no such header {@code x-api-key}. */
    private static Optional<String> key(Headers headers) {
        Optional<String> header = headers.value(HeaderNames.AUTHORIZATION);
        if (header.isEmpty()) return headers.value(X_API_KEY);
        boolean bearer = header.get().regionMatches(true, 0, BEARER, 0, BEARER.length());
        return bearer ? Optional.of(header.get().substring(BEARER.length()).strip()) : Optional.empty();
    }

    private static void cors(String allowed, RoutingResponse response) {
        response.header("Access-Control-Allow-Origin", allowed);
        response.header("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Api-Key");
        response.header("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
        response.header(HeaderValues.create(HeaderNames.VARY, "Origin"));
    }

    /**
     * A web page that has a name of its own resolve to this machine does not get in: browsers send that name.
     *
     * @param host as the request has it; what has none is no browser's
     */
    static boolean isLocal(Optional<String> host) {
        return host.isEmpty() || LOCAL.matcher(host.get()).matches();
    }

    /** Takes as long whichever key it is, and whether it is one. */
    private boolean holds(Optional<String> brought) {
        byte[] given = digest(brought.orElse(""));
        boolean found = false;
        for (byte[] key : keys) found |= MessageDigest.isEqual(key, given);
        return found && brought.isPresent();
    }

    private static byte[] digest(String key) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK lacks SHA-256", e);
        }
    }
}
