// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.Model;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import tools.jackson.databind.node.ObjectNode;

/**
 * The paths that ask something of one model and what each does with it: OpenAI's API, and others told in its terms. One for
 * each request, when its model is there.
 */
final class Doors {
    /** Does what one request asks for. */
    interface Action {
        void run(Fields body, String tenant, ServerRequest request, ServerResponse response)
                throws IOException, InterruptedException;
    }

    /** Every path and its door. */
    static final Map<String, Function<Doors, Action>> PATHS = paths();

    /** Paths whose answers may be streamed. */
    static final Set<String> STREAMED = Set.of(
            "/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/messages", Ollama.CHAT, Ollama.GENERATE);

    private final Model model;
    private final String modelName;
    private final Answers answers;
    private final Answers.Endpoint chat;
    private final Answers.Endpoint completions;
    private final Answers.Endpoint raw;
    private final Embeddings embeddings;
    private final Rerank rerank;

    /** @param begun see {@link Answers} */
    Doors(
            Model model,
            String modelName,
            ServerOptions options,
            Metrics metrics,
            Peers peers,
            Optional<EventStream> begun) {
        this.model = model;
        this.modelName = modelName;
        answers = new Answers(model, options, metrics, peers, begun);
        chat = new ChatCompletions(model, modelName, options);
        completions = new Completions(model, modelName, options);
        raw = new Completions(model, modelName, options, OptionalInt.empty());
        Vectors vectors = new Vectors(model, options, answers);
        embeddings = new Embeddings(model, modelName, vectors);
        rerank = new Rerank(model, modelName, vectors);
    }

    private static Map<String, Function<Doors, Action>> paths() {
        Map<String, Function<Doors, Action>> all = new LinkedHashMap<>();
        all.put("/v1/chat/completions", d -> d.answer(d.chat));
        all.put("/v1/completions", d -> d.answer(d.completions));
        all.put("/v1/responses", d -> d.told(new Responses(d.modelName)));
        all.put("/v1/messages", d -> d.told(new Anthropic(d.modelName)));
        all.put(Ollama.CHAT, d -> d.ollama(new Ollama(d.modelName, false)));
        all.put(Ollama.GENERATE, d -> d.ollama(new Ollama(d.modelName, true)));
        all.put("/v1/embeddings", d -> d.embeddings.openai());
        all.put("/api/embed", d -> d.embeddings.ollama(false));
        all.put("/api/embeddings", d -> d.embeddings.ollama(true));
        all.put("/v1/rerank", d -> d.rerank.rerank());
        all.put("/rerank", d -> d.rerank.rerank());
        all.put("/score", d -> d.rerank.score());
        all.put("/apply-template", d -> reply(d.prompts()::template));
        all.put("/v1/messages/count_tokens", d -> reply(d.prompts()::ofMessages));
        all.put("/v1/responses/input_tokens", d -> reply(d.prompts()::ofResponses));
        all.put("/v1/chat/completions/input_tokens", d -> reply(d.prompts()::ofChat));
        all.put("/v1/memory/evict", d -> reply(fields -> evict(d.model, fields)));
        all.put("/tokenize", d -> reply(new Tokens(d.model)::tokenize));
        all.put("/detokenize", d -> reply(new Tokens(d.model)::detokenize));
        all.put(AdapterScales.PATH, d -> reply(new AdapterScales(d.model)::change));
        return Collections.unmodifiableMap(all);
    }

    /** {@code GET /lora-adapters}. */
    Action adapters() {
        return (body, tenant, req, res) -> Routes.send(res, new AdapterScales(model).list());
    }

    private Prompts prompts() {
        return new Prompts(model, modelName, chat);
    }

    private Action answer(Answers.Endpoint endpoint) {
        return (body, tenant, req, res) -> answers.serve(endpoint.read(body), Voice.OPENAI, tenant, req, res);
    }

    /** Keys and values that nobody uses go; all of them where the request names no bytes. */
    private static ObjectNode evict(Model model, Fields fields) {
        long bytes = fields.whole("bytes").orElse(Long.MAX_VALUE);
        if (bytes < 1) throw ApiException.invalid("bytes", "bytes: got " + bytes + ", allowed: 1 or more");
        return Json.object().put("evicted_bytes", model.letGo(bytes));
    }

    private static Action reply(Function<Fields, ObjectNode> answer) {
        return (body, tenant, req, res) -> Routes.send(res, answer.apply(body));
    }

    private Action told(Tongue tongue) {
        return (body, tenant, req, res) -> told(tongue, chat, body, tenant, req, res);
    }

    private void told(
            Tongue tongue,
            Answers.Endpoint endpoint,
            Fields body,
            String tenant,
            ServerRequest request,
            ServerResponse response)
            throws InterruptedException {
        // in these APIs the most tokens of an answer are a bound, not a promise that there is room for them
        Answers.Wanted wanted = endpoint.read(new Fields(tongue.chat(body), "")).within(model.contextLength());
        answers.serve(wanted, tongue.voice(body, wanted), tenant, request, response);
    }

    private Action ollama(Ollama tongue) {
        return (body, tenant, req, res) -> {
            if (tongue.isEmpty(body)) Routes.send(res, tongue.loaded(body, "load"));
            else told(tongue, tongue.isRaw(body) ? raw : chat, body, tenant, req, res);
        };
    }
}
