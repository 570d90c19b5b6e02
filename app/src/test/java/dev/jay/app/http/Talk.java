// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.app.resident.Residents;
import dev.jay.engine.Model;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.function.UnaryOperator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A scripted model behind a server on a free port, and a client that talks with it over a real socket. */
final class Talk implements AutoCloseable {
    static final JsonMapper JSON = JsonMapper.shared();

    final ScriptedModel model = new ScriptedModel();
    final Server server;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    Talk(UnaryOperator<ServerOptions> change) throws IOException {
        this((Model) null, change);
    }

    /** Several models, which the caller closes. */
    Talk(Residents residents, UnaryOperator<ServerOptions> change) throws IOException {
        server = Server.start(residents, change.apply(ServerOptions.DEFAULT.withListening("127.0.0.1", 0)));
    }

    /** @param other to be served in its place; null: the scripted one */
    Talk(Model other, UnaryOperator<ServerOptions> change) throws IOException {
        server = Server.start(
                other == null ? model : other, change.apply(ServerOptions.DEFAULT.withListening("127.0.0.1", 0)));
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
    }

    HttpRequest.Builder json(String path, String body) {
        return request(path).header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body));
    }

    HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
        return send(json(path, body));
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(request(path).GET());
    }

    static JsonNode tree(HttpResponse<String> response) {
        return JSON.readTree(response.body());
    }

    /** The data of each event, the end mark left out. */
    static List<JsonNode> events(HttpResponse<String> response) {
        return response.body()
                .lines()
                .filter(l -> l.startsWith("data: ") && !l.equals("data: [DONE]"))
                .map(l -> JSON.readTree(l.substring(6)))
                .toList();
    }

    /** One number of /metrics; 0 where it is not there yet. */
    double metric(String name) throws IOException, InterruptedException {
        return get("/metrics")
                .body()
                .lines()
                .filter(l -> l.startsWith(name + " ") || l.startsWith(name + "{"))
                .mapToDouble(l -> Double.parseDouble(l.substring(l.lastIndexOf(' ') + 1)))
                .sum();
    }

    @Override
    public void close() {
        client.close();
        server.close();
        model.close();
    }
}
