// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.serve;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** One streaming client of an OpenAI-compatible server; what it asks for is tokens, so every server sees the same prompt. */
final class Client {
    private static final Pattern COUNT = Pattern.compile("\"completion_tokens\":\\s*(\\d+)");
    private static final Pattern CACHED = Pattern.compile("\"cached_tokens\":\\s*(\\d+)");

    private final HttpClient http;
    private final URI url;
    private final String key;

    /**
     * What a client saw.
     *
     * @param status  of HTTP; the rest counts only where it is 200
     * @param began   nanoseconds, when it asked
     * @param arrived when each piece of the answer came; the first is the first token
     * @param ended   when the answer had ended
     * @param tokens  of the answer, as the server counts them
     * @param cached  of the prompt, that the server did not compute again, as it says
     */
    record Seen(int status, long began, long[] arrived, long ended, int tokens, int cached) {
        double firstSeconds() {
            return (arrived[0] - began) / 1e9;
        }
    }

    Client(HttpClient http, String base, String key) {
        this.http = http;
        this.url = URI.create(base.replaceFirst("/+$", "") + "/v1/completions");
        this.key = key;
    }

    /**
     * Asks and reads to the end.
     *
     * @param started counts up when the first piece is there
     */
    Seen ask(int[] prompt, int tokens, AtomicInteger started) throws IOException, InterruptedException {
        String body = "{\"prompt\":["
                + Arrays.stream(prompt).mapToObj(Integer::toString).collect(Collectors.joining(","))
                + "],\"max_tokens\":" + tokens
                + ",\"temperature\":0,\"ignore_eos\":true,\"stream\":true,\"cache_prompt\":true"
                + ",\"stream_options\":{\"include_usage\":true}}";
        HttpRequest.Builder request = HttpRequest.newBuilder(url)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body));
        if (key != null) request.header("Authorization", "Bearer " + key);
        long began = System.nanoTime();
        HttpResponse<Stream<String>> response = http.send(request.build(), HttpResponse.BodyHandlers.ofLines());
        List<Long> arrived = new ArrayList<>();
        int counted = -1;
        int cached = 0;
        try (Stream<String> lines = response.body()) {
            for (Iterator<String> it = lines.iterator(); it.hasNext(); ) {
                String line = it.next();
                if (!line.startsWith("data: ") || line.equals("data: [DONE]")) continue;
                Matcher count = COUNT.matcher(line);
                if (count.find()) counted = Integer.parseInt(count.group(1));
                Matcher known = CACHED.matcher(line);
                if (known.find()) cached = Integer.parseInt(known.group(1));
                if (line.contains("\"text\":")) {
                    arrived.add(System.nanoTime());
                    if (arrived.size() == 1) started.incrementAndGet();
                }
            }
        }
        long[] times = arrived.stream().mapToLong(Long::longValue).toArray();
        int all = counted >= 0 ? counted : times.length;
        int status = response.statusCode() == 200 && times.length == 0 ? 0 : response.statusCode();
        return new Seen(status, began, times, System.nanoTime(), all, cached);
    }
}
