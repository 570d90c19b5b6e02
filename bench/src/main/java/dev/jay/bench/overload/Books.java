// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.overload;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a server says of itself when everybody has gone. */
record Books(long running, long waiting, long ownPages, long sharedPages, long preempted) {
    private static final int LOOKS = 100;
    private static final int BETWEEN_MILLIS = 100;

    /** Looks until nobody is inside, for some seconds. */
    static Books settled(HttpClient http, String url) throws IOException, InterruptedException {
        for (int look = 1; ; look++) {
            HttpResponse<String> got = http.send(
                    HttpRequest.newBuilder(URI.create(url + "/v1/memory")).build(),
                    HttpResponse.BodyHandlers.ofString());
            String books = got.body();
            Books now = new Books(
                    number(books, "running"),
                    number(books, "waiting"),
                    number(books, "own"),
                    number(books, "shared"),
                    number(books, "preempted"));
            if (now.faults().isEmpty() || look == LOOKS) return now;
            Thread.sleep(BETWEEN_MILLIS);
        }
    }

    private static long number(String json, String name) throws IOException {
        Matcher m = Pattern.compile("\"" + name + "\":(\\d+)").matcher(json);
        if (!m.find()) throw new IOException("/v1/memory has no " + name + ": " + json);
        return Long.parseLong(m.group(1));
    }

    List<String> faults() {
        List<String> all = new ArrayList<>();
        if (running > 0 || waiting > 0) all.add("still inside: running=" + running + ", waiting=" + waiting);
        if (ownPages > 0 || sharedPages > 0) all.add("pages held by nobody: " + (ownPages + sharedPages));
        return all;
    }
}
