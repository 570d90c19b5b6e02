// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.Model;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code POST /v1/rerank} and {@code /score}: how near documents are to a query, by the cosine of their embeddings. A
 * model that reads both texts at once would tell better; none is run here.
 */
final class Rerank {
    private static final int MOST_DOCUMENTS = 1000;

    private final Model model;
    private final String modelName;
    private final Vectors vectors;

    Rerank(Model model, String modelName, Vectors vectors) {
        this.model = model;
        this.modelName = modelName;
        this.vectors = vectors;
    }

    Doors.Action rerank() {
        return (fields, tenant, req, res) -> {
            AnswerFields.checkModel(fields, model, modelName);
            String query = fields.text("query").orElseThrow(() -> fields.missing("query"));
            List<String> documents = documents(fields);
            int top = fields.integer("top_n", 1, Integer.MAX_VALUE).orElse(documents.size());
            List<int[]> inputs = new ArrayList<>();
            inputs.add(Inputs.tokens(model, "query", query));
            for (String each : documents) inputs.add(Inputs.tokens(model, "documents", each));
            Vectors.Made made = vectors.of(inputs, AnswerFields.numerics(fields), "documents", req, res);
            double[] scores = made.vectors().subList(1, inputs.size()).stream()
                    .mapToDouble(v -> cosine(made.vectors().getFirst(), v))
                    .toArray();
            ObjectNode reply = Json.object()
                    .put("id", Chats.id("rerank-"))
                    .put("object", "list")
                    .put("model", modelName);
            reply.putObject("usage").put("prompt_tokens", made.tokens()).put("total_tokens", made.tokens());
            ArrayNode results = reply.putArray("results");
            IntStream.range(0, scores.length)
                    .boxed()
                    .sorted(Comparator.comparingDouble(i -> -scores[i]))
                    .limit(top)
                    .forEach(i -> {
                        ObjectNode one = results.addObject().put("index", i).put("relevance_score", scores[i]);
                        if (fields.flag("return_documents")) {
                            one.putObject("document").put("text", documents.get(i));
                        }
                    });
            Routes.send(res, reply);
        };
    }

    /** Strings, or objects with a text. */
    static List<String> documents(Fields fields) {
        JsonNode list = fields.get("documents").orElseThrow(() -> fields.missing("documents"));
        if (!list.isArray() || list.isEmpty() || list.size() > MOST_DOCUMENTS) {
            throw fields.wrong("documents", "an array of 1 to " + MOST_DOCUMENTS + " texts", list);
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode each : list) {
            JsonNode text = each.isObject() ? each.path("text") : each;
            if (!text.isString()) throw fields.wrong("documents", "an array of texts", each);
            texts.add(text.stringValue());
        }
        return texts;
    }

    /** Of vectors of length one. */
    private static double cosine(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) sum += (double) a[i] * b[i];
        return sum;
    }

    /** vLLM's: {@code text_1} against {@code text_2}, one against one or many, or many against as many. */
    Doors.Action score() {
        return (fields, tenant, req, res) -> {
            AnswerFields.checkModel(fields, model, modelName);
            List<int[]> first = new Inputs(fields, "text_1", model).read(MOST_DOCUMENTS);
            List<int[]> second = new Inputs(fields, "text_2", model).read(MOST_DOCUMENTS);
            if (first.size() != 1 && first.size() != second.size()) {
                throw ApiException.invalid(
                        "text_1",
                        "text_1 has " + first.size() + " texts and text_2 " + second.size()
                                + ", allowed: one against any number, or as many");
            }
            List<int[]> all = new ArrayList<>(first);
            all.addAll(second);
            Vectors.Made made = vectors.of(all, AnswerFields.numerics(fields), "text_2", req, res);
            ObjectNode reply = Json.object()
                    .put("id", Chats.id("score-"))
                    .put("object", "list")
                    .put("model", modelName);
            ArrayNode data = reply.putArray("data");
            for (int i = 0; i < second.size(); i++) {
                float[] one = made.vectors().get(first.size() == 1 ? 0 : i);
                data.addObject()
                        .put("index", i)
                        .put("object", "score")
                        .put("score", cosine(one, made.vectors().get(first.size() + i)));
            }
            reply.putObject("usage").put("prompt_tokens", made.tokens()).put("total_tokens", made.tokens());
            Routes.send(res, reply);
        };
    }
}
