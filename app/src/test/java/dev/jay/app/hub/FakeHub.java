// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.hub;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A hub of one repository, and the store it redirects to at another port; both do wrong what they are told to. */
public final class FakeHub implements AutoCloseable {
    public static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    /** What goes wrong with files. */
    enum Fault {
        NONE,
        CUT_ONCE, // the first answer ends in the middle
        CUT_ALWAYS, // every answer ends before its first byte
        IGNORES_RANGES,
        WRONG_BYTES,
        TOO_MANY_BYTES,
        ANOTHER_LENGTH,
        ANOTHER_PART,
        BUSY_TWICE
    }

    final Map<String, byte[]> files = new LinkedHashMap<>();
    final List<String> asked = Collections.synchronizedList(new ArrayList<>());
    volatile Fault fault = Fault.NONE;
    volatile int listStatus = 200;
    volatile String list; // null: as the files are
    volatile String wantedToken = "";
    volatile String commit = COMMIT;
    volatile String redirect; // null: to the store
    private int answers;

    private final HttpServer hub = server();
    private final HttpServer store = server();
    private final ExecutorService threads = Executors.newCachedThreadPool();

    public FakeHub() {
        hub.createContext("/", this::onHub);
        store.createContext("/", this::onStore);
        for (HttpServer s : List.of(hub, store)) {
            s.setExecutor(threads);
            s.start();
        }
    }

    private static HttpServer server() {
        try {
            return HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    public FakeHub with(String path, byte[] bytes) {
        files.put(path, bytes);
        return this;
    }

    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + hub.getAddress().getPort());
    }

    long askedOf(String what) {
        return asked.stream().filter(a -> a.contains(what)).count();
    }

    private void note(HttpExchange e, String who) {
        String range = e.getRequestHeaders().getFirst("Range");
        String token = e.getRequestHeaders().getFirst("Authorization");
        asked.add(who + " " + e.getRequestURI().getPath() + (range == null ? "" : " " + range)
                + (token == null ? "" : " " + token));
    }

    private void onHub(HttpExchange e) throws IOException {
        note(e, "hub");
        String path = e.getRequestURI().getPath();
        String token = e.getRequestHeaders().getFirst("Authorization");
        if (!wantedToken.isEmpty() && !("Bearer " + wantedToken).equals(token)) {
            e.getResponseHeaders().add("X-Error-Message", "Access to model is restricted");
            answer(e, 401, new byte[0]);
        } else if (path.startsWith("/api/models/o/r/revision/")) {
            answer(e, listStatus, (list == null ? listing() : list).getBytes(StandardCharsets.UTF_8));
        } else if (path.startsWith("/o/r/resolve/" + commit + "/")) {
            String file = path.substring(("/o/r/resolve/" + commit).length());
            String to = redirect != null
                    ? redirect
                    : "http://127.0.0.1:" + store.getAddress().getPort() + file + "?signature=secret";
            e.getResponseHeaders().add("Location", to);
            answer(e, 302, new byte[0]);
        } else {
            answer(e, 404, new byte[0]);
        }
    }

    private String listing() {
        List<String> all = new ArrayList<>();
        files.forEach((path, bytes) -> {
            boolean large = path.endsWith(".gguf") || path.endsWith(".safetensors");
            all.add("{\"rfilename\":\"" + path + "\",\"size\":" + bytes.length + ",\"blobId\":\"" + gitHash(bytes)
                    + "\""
                    + (large
                            ? ",\"lfs\":{\"sha256\":\"" + hash("SHA-256", bytes) + "\",\"size\":" + bytes.length + "}"
                            : "")
                    + "}");
        });
        return "{\"id\":\"o/r\",\"sha\":\"" + commit + "\",\"siblings\":" + all + "}";
    }

    private void onStore(HttpExchange e) throws IOException {
        note(e, "store");
        byte[] bytes = files.get(e.getRequestURI().getPath().substring(1));
        if (bytes == null) {
            answer(e, 404, new byte[0]);
            return;
        }
        String range = e.getRequestHeaders().getFirst("Range");
        int from = range == null || fault == Fault.IGNORES_RANGES ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
        int answered;
        synchronized (this) {
            answered = answers++;
        }
        byte[] rest = Arrays.copyOfRange(bytes, from, bytes.length);
        if (from > 0) {
            int says = fault == Fault.ANOTHER_PART ? from - 1 : from;
            e.getResponseHeaders()
                    .add("Content-Range", "bytes " + says + "-" + (bytes.length - 1) + "/" + bytes.length);
        }
        int status = from > 0 ? 206 : 200;
        switch (fault) {
            case BUSY_TWICE -> {
                if (answered < 2) {
                    e.getResponseHeaders().add("Retry-After", "0");
                    answer(e, 503, new byte[0]);
                } else {
                    answer(e, status, rest);
                }
            }
            case CUT_ONCE -> cut(e, status, rest, answered == 0 ? rest.length / 2 : rest.length);
            case CUT_ALWAYS -> cut(e, status, rest, 0);
            case WRONG_BYTES -> {
                rest[rest.length - 1] ^= 1;
                answer(e, status, rest);
            }
            case TOO_MANY_BYTES -> chunked(e, Arrays.copyOf(rest, rest.length + (1 << 20)));
            case ANOTHER_LENGTH -> cut(e, status, rest, rest.length, 1L << 40);
            default -> answer(e, status, rest);
        }
    }

    private static void answer(HttpExchange e, int status, byte[] body) throws IOException {
        e.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        try (OutputStream out = e.getResponseBody()) {
            out.write(body);
        }
    }

    private static void chunked(HttpExchange e, byte[] body) throws IOException {
        e.sendResponseHeaders(200, 0);
        try (OutputStream out = e.getResponseBody()) {
            out.write(body);
        }
    }

    private static void cut(HttpExchange e, int status, byte[] body, int after) throws IOException {
        cut(e, status, body, after, body.length);
    }

    private static void cut(HttpExchange e, int status, byte[] body, int after, long says) throws IOException {
        e.sendResponseHeaders(status, says);
        OutputStream out = e.getResponseBody();
        out.write(body, 0, after);
        out.flush();
        e.close();
    }

    static String hash(String algorithm, byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String gitHash(byte[] bytes) {
        byte[] head = ("blob " + bytes.length + '\0').getBytes(StandardCharsets.US_ASCII);
        byte[] whole = Arrays.copyOf(head, head.length + bytes.length);
        System.arraycopy(bytes, 0, whole, head.length, bytes.length);
        return hash("SHA-1", whole);
    }

    @Override
    public void close() {
        hub.stop(0);
        store.stop(0);
        threads.shutdownNow();
    }
}
