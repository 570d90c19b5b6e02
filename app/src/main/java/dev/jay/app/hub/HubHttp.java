// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.hub;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Requests to the hub and to where it sends us. The token goes to the endpoint and to nobody else; from https nobody leads
 * to http. What a busy server refuses is asked again.
 */
final class HubHttp implements AutoCloseable {
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final Set<Integer> BUSY = Set.of(408, 429, 500, 502, 503, 504);
    private static final int MOST_REDIRECTS = 8;
    private static final int TRIES = 5;
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(20);
    private static final Duration ANSWERED_WITHIN = Duration.ofSeconds(60);

    private final HubAccess access;
    private final HttpClient client = HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NEVER)
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(20))
            .build();

    HubHttp(HubAccess access) {
        this.access = access;
    }

    /**
     * An answer of 200 or 206, or 416 where a part was asked for. The caller closes its body.
     *
     * @param from the first byte wanted
     */
    HttpResponse<InputStream> get(HubModel model, URI uri, long from) throws IOException {
        for (int attempt = 0; ; attempt++) {
            HttpResponse<InputStream> response;
            try {
                response = follow(uri, from);
            } catch (HubException e) {
                throw e;
            } catch (IOException e) {
                if (attempt + 1 == TRIES) throw new HubException("cannot reach " + place(uri) + ": " + told(e), e);
                sleep(pause(attempt, Optional.empty()));
                continue;
            }
            int status = response.statusCode();
            if (status == 200 || from > 0 && (status == 206 || status == 416)) return response;
            response.body().close();
            if (!BUSY.contains(status) || attempt + 1 == TRIES) throw refused(model, response);
            sleep(pause(attempt, response.headers().firstValue("retry-after")));
        }
    }

    private HttpResponse<InputStream> follow(URI first, long from) throws IOException {
        URI uri = first;
        for (int hop = 0; hop <= MOST_REDIRECTS; hop++) {
            HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                    .timeout(ANSWERED_WITHIN)
                    .header("User-Agent", "jay")
                    .header("Accept-Encoding", "identity");
            if (from > 0) request.header("Range", "bytes=" + from + "-");
            if (!access.token().isEmpty() && isEndpoint(uri)) {
                request.header("Authorization", "Bearer " + access.token());
            }
            HttpResponse<InputStream> response = send(request.build());
            if (!REDIRECTS.contains(response.statusCode())) return response;
            response.body().close();
            uri = next(uri, response.headers().firstValue("location").orElse(""));
        }
        throw new HubException("too many redirects from " + place(first) + ": most=" + MOST_REDIRECTS);
    }

    private HttpResponse<InputStream> send(HttpRequest request) throws IOException {
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofInputStream());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HubException("interrupted while asking " + place(request.uri()), e);
        }
    }

    private static URI next(URI from, String location) throws HubException {
        URI to;
        try {
            to = from.resolve(location);
        } catch (IllegalArgumentException e) {
            throw new HubException(place(from) + " redirects to what is no address", e);
        }
        boolean worse = "https".equals(from.getScheme()) && !"https".equals(to.getScheme());
        if (location.isEmpty()
                || worse
                || to.getHost() == null
                || !Objects.toString(to.getScheme()).startsWith("http")) {
            throw new HubException(place(from) + " redirects to where we do not follow: " + place(to));
        }
        return to;
    }

    private boolean isEndpoint(URI uri) {
        URI own = access.endpoint();
        return Objects.equals(own.getScheme(), uri.getScheme())
                && own.getHost().equalsIgnoreCase(uri.getHost())
                && own.getPort() == uri.getPort();
    }

    private HubException refused(HubModel model, HttpResponse<?> response) {
        int status = response.statusCode();
        String why = response.headers()
                .firstValue("x-error-message")
                .map(HubHttp::shown)
                .orElse("");
        String what =
                model + ": " + place(response.uri()) + " answered " + status + (why.isEmpty() ? "" : " (" + why + ")");
        return new HubException(
                switch (status) {
                    case 401, 403 ->
                        what
                                + (access.token().isEmpty()
                                        ? "; if it exists, it is private or its conditions must be accepted: set"
                                                + " HF_TOKEN"
                                        : "; HF_TOKEN may not read it: accept its conditions at " + page(model));
                    case 404 -> what + "; no such repository, revision or file: see " + page(model);
                    case 429 ->
                        what + "; it wants fewer requests: try later"
                                + (access.token().isEmpty() ? ", or set HF_TOKEN" : "");
                    default -> what;
                });
    }

    private String page(HubModel model) {
        return access.endpoint() + "/" + model.id();
    }

    /** Host and path alone: what follows in an address may be a secret. */
    static String place(URI uri) {
        return uri.getScheme() + "://" + uri.getRawAuthority() + Objects.toString(uri.getRawPath(), "");
    }

    private static String told(IOException e) {
        return shown(e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage());
    }

    private static String shown(String text) {
        String clean = text.replaceAll("[\\p{C}]+", " ").strip();
        return clean.length() > 200 ? clean.substring(0, 200) + "..." : clean;
    }

    private Duration pause(int attempt, Optional<String> asked) {
        Duration own = access.pause().multipliedBy(1L << attempt);
        Duration wanted = asked.filter(s -> s.matches("\\d{1,6}"))
                .map(s -> Duration.ofSeconds(Long.parseLong(s)))
                .orElse(own);
        return wanted.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : wanted;
    }

    static void sleep(Duration time) throws HubException {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HubException("interrupted", e);
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
        client.close();
    }
}
