// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.app.resident.KeepAlive;
import dev.jay.app.resident.Residents;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Function;
import tools.jackson.databind.node.ObjectNode;

/** From a request to the door of the model that it means: waits for the model, holds it meanwhile, lets go of it. */
final class ModelDoors {
    private final Residents residents;
    private final ModelChoice choice;
    private final ServerOptions options;
    private final Metrics metrics;
    private final Peers peers;

    ModelDoors(Residents residents, ModelChoice choice, ServerOptions options, Metrics metrics, Peers peers) {
        this.residents = residents;
        this.choice = choice;
        this.options = options;
        this.metrics = metrics;
        this.peers = peers;
    }

    /** Does what the request asks of its model. */
    void enter(
            Function<Doors, Doors.Action> door,
            Fields body,
            String tenant,
            ServerRequest request,
            ServerResponse response)
            throws IOException, InterruptedException {
        String name = choice.name(body, request);
        Optional<KeepAlive> keep = ModelChoice.keepAlive(body);
        String path = request.path().path();
        boolean streams = Doors.STREAMED.contains(path) && isStreamed(path, body);
        try (Residents.Use use = residents.want(name, keep);
                EarlyStream early = new EarlyStream(request, response, streams)) {
            try {
                choice.await(use, early, request, response);
                Doors doors = new Doors(use.model(), name, options, metrics, peers, early.begun());
                door.apply(doors).run(body, tenant, request, response);
            } catch (RuntimeException e) {
                if (!early.tell(e)) throw e;
            }
        }
    }

    private static boolean isStreamed(String path, Fields body) {
        if (!path.equals(Ollama.CHAT) && !path.equals(Ollama.GENERATE)) return body.flag("stream");
        if (Ollama.at(path).isEmpty(body)) return false;
        return !body.has("stream") || body.flag("stream");
    }

    /** {@code POST /models/load}: when it has been loaded. */
    void load(Fields body, ServerRequest request, ServerResponse response) throws IOException, InterruptedException {
        enter(_ -> (_, _, _, res) -> Routes.send(res, done()), body, "", request, response);
    }

    /** {@code POST /models/unload}: when it has been unloaded, or will be as soon as nobody uses it. */
    void unload(Fields body, ServerRequest request, ServerResponse response) throws InterruptedException {
        residents.unload(choice.name(body, request));
        Routes.send(response, done());
    }

    private static ObjectNode done() {
        return Json.object().put("success", true);
    }

    /** Whether Ollama's client asks for nothing but that a model goes; if so, it goes. */
    boolean letGo(Fields body, ServerRequest request, ServerResponse response) throws InterruptedException {
        String path = request.path().path();
        if (!path.equals(Ollama.CHAT) && !path.equals(Ollama.GENERATE)) return false;
        Ollama tongue = Ollama.at(path);
        boolean gone =
                ModelChoice.keepAlive(body).filter(KeepAlive.NOT_AT_ALL::equals).isPresent();
        if (!gone || !tongue.isEmpty(body)) return false;
        residents.unload(choice.name(body, request));
        Routes.send(response, tongue.loaded(body, "unload"));
        return true;
    }
}
