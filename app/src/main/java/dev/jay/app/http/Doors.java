// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.Model;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.util.OptionalInt;
import java.util.function.Function;
import tools.jackson.databind.node.ObjectNode;

/** The paths that take a JSON object and what each does with it: OpenAI's API, and others told in its terms. */
final class Doors {
    /** Does what one request asks for. */
    interface Action {
        void run(Fields body, String tenant, ServerRequest request, ServerResponse response)
                throws IOException, InterruptedException;
    }

    /** Takes up a path and what it does. */
    interface Register {
        void post(String path, Action action);
    }

    private final Model model;
    private final String modelName;
    private final ServerOptions options;
    private final Answers answers;
    private final Answers.Endpoint chat;
    private final Answers.Endpoint completions;
    private final Answers.Endpoint raw;

    Doors(Model model, String modelName, ServerOptions options, Metrics metrics, Peers peers) {
        this.model = model;
        this.modelName = modelName;
        this.options = options;
        answers = new Answers(model, options, metrics, peers);
        chat = new ChatCompletions(model, modelName, options);
        completions = new Completions(model, modelName, options);
        raw = new Completions(model, modelName, options, OptionalInt.empty());
    }

    void register(Register to) {
        to.post(
                "/v1/chat/completions",
                (body, tenant, req, res) -> answers.serve(chat.read(body), Voice.OPENAI, tenant, req, res));
        to.post(
                "/v1/completions",
                (body, tenant, req, res) -> answers.serve(completions.read(body), Voice.OPENAI, tenant, req, res));
        to.post("/v1/responses", told(new Responses(modelName)));
        to.post("/v1/messages", told(new Anthropic(modelName)));
        to.post("/api/chat", ollama(new Ollama(modelName, false)));
        to.post("/api/generate", ollama(new Ollama(modelName, true)));
        to.post("/api/show", reply(new OllamaModels(model, modelName)::show));
        Vectors vectors = new Vectors(model, options, answers);
        Embeddings embeddings = new Embeddings(model, modelName, vectors);
        to.post("/v1/embeddings", embeddings.openai());
        to.post("/api/embed", embeddings.ollama(false));
        to.post("/api/embeddings", embeddings.ollama(true));
        Rerank rerank = new Rerank(model, modelName, vectors);
        to.post("/v1/rerank", rerank.rerank());
        to.post("/rerank", rerank.rerank());
        to.post("/score", rerank.score());
        Prompts prompts = new Prompts(model, modelName, chat);
        to.post("/apply-template", reply(prompts::template));
        to.post("/v1/messages/count_tokens", reply(prompts::ofMessages));
        to.post("/v1/responses/input_tokens", reply(prompts::ofResponses));
        to.post("/v1/chat/completions/input_tokens", reply(prompts::ofChat));
        Tokens tokens = new Tokens(model);
        to.post(AdapterScales.PATH, (body, tenant, req, res) -> {
            new AdapterScales(model).change(body);
            Routes.send(res, Json.object().put("success", true));
        });
        to.post("/tokenize", reply(tokens::tokenize));
        to.post("/detokenize", reply(tokens::detokenize));
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
            if (tongue.isEmpty(body)) Routes.send(res, tongue.loaded(body));
            else told(tongue, tongue.isRaw(body) ? raw : chat, body, tenant, req, res);
        };
    }
}
