// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/** The web page: a chat and the live memory map. Files of this module; nothing is fetched from anywhere else. */
enum Page {
    INDEX("/", "index.html", "text/html; charset=utf-8"),
    STYLE("/jay.css", "jay.css", "text/css; charset=utf-8"),
    CHAT("/chat.js", "chat.js", "text/javascript; charset=utf-8"),
    MAP("/map.js", "map.js", "text/javascript; charset=utf-8");

    private final String path;
    private final String file;
    private final String type;

    Page(String path, String file, String type) {
        this.path = path;
        this.file = file;
        this.type = type;
    }

    String path() {
        return path;
    }

    static boolean isPart(String path) {
        return Arrays.stream(values()).anyMatch(p -> p.path.equals(path));
    }

    void send(ServerResponse response) throws IOException {
        try (InputStream in = Page.class.getResourceAsStream(file)) {
            if (in == null) throw new IOException("the web page's file is not in the module: " + file);
            response.header(HeaderNames.CONTENT_TYPE, type);
            response.header(HeaderNames.CACHE_CONTROL, "no-cache");
            response.header("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'");
            response.header("X-Content-Type-Options", "nosniff");
            response.send(in.readAllBytes());
        }
    }
}
