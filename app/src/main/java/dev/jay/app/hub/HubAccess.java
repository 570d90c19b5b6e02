// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.hub;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Where models come from and where they are kept.
 *
 * @param token sent to the endpoint alone; empty for none
 * @param pause before a request is made again; twice as long each time after
 */
public record HubAccess(URI endpoint, String token, Path cache, boolean offline, Duration pause) {
    public static final URI HUGGING_FACE = URI.create("https://huggingface.co");
    public static final Duration PAUSE = Duration.ofMillis(500);

    public HubAccess {
        String scheme = endpoint.getScheme();
        boolean known = "https".equals(scheme) || "http".equals(scheme);
        if (!known || endpoint.getHost() == null) {
            throw new IllegalArgumentException("endpoint of the hub: wanted http(s)://HOST, got " + endpoint);
        }
    }

    /** Without the token: this may be printed. */
    @Override
    public String toString() {
        return "hub " + endpoint + ", cache=" + cache + (offline ? ", offline" : "")
                + (token.isEmpty() ? "" : ", token");
    }
}
