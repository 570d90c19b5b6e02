// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.Model;
import dev.jay.engine.Request;
import dev.jay.engine.sample.Sampling;
import dev.jay.engine.sample.grammar.Grammar;
import dev.jay.tensor.kernel.Numerics;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;

/** The fields that chats and completions share: length, sampling, streaming. */
final class AnswerFields {
    private static final int MOST_STOPS = 16;
    private static final int MOST_STOP_CHARS = 1024;
    private static final int MOST_BIASES = 1024;
    private static final int MOST_COPIES = 64;
    private static final int MOST_PRIORITY = 100;

    private static final String OF_THE_MODEL = "keys and values of all requests are kept as the model was opened with";
    private static final Map<String, String> KEPT =
            Map.of("kv", OF_THE_MODEL, "cache_type_k", OF_THE_MODEL, "cache_type_v", OF_THE_MODEL);

    private final Fields fields;
    private final Model model;
    private final ServerOptions options;

    AnswerFields(Fields fields, Model model, ServerOptions options) {
        this.fields = fields;
        this.model = model;
        this.options = options;
    }

    boolean isStream() {
        return fields.flag("stream");
    }

    boolean wantsUsage() {
        return fields.object("stream_options").map(o -> o.flag("include_usage")).orElse(false);
    }

    /** The model named is the one that is here; none named is as good. */
    void checkModel(String name) {
        checkModel(fields, model, name);
    }

    static void checkModel(Fields fields, Model model, String name) {
        Optional<String> asked = fields.text("model");
        if (asked.isPresent() && !asked.get().equals(name) && !asked.get().equals(model.name())) {
            throw ApiException.of(
                    404,
                    "invalid_request_error",
                    "model_not_found",
                    "no such model here; the one that is loaded: " + name);
        }
    }

    /** Refuses what would change the answer and is not done here, rather than leave it out in silence. */
    void refuse(Map<String, String> unsupported) {
        unsupported.forEach((name, why) -> {
            Optional<JsonNode> value = fields.get(name);
            boolean nothing = value.isEmpty()
                    || (value.get().isArray() && value.get().isEmpty())
                    || (value.get().isBoolean() && !value.get().booleanValue())
                    || (value.get().isString() && value.get().stringValue().isEmpty());
            if (!nothing) throw fields.unsupported(name, why);
        });
    }

    /** How many answers are wanted to each prompt. */
    int copies() {
        return fields.integer("n", 1, MOST_COPIES).orElse(1);
    }

    /** As many of a request as answers are wanted to it, each with a seed of its own. */
    List<Request> copies(Request request) {
        List<Request> all = new ArrayList<>();
        for (int i = 0; i < copies(); i++) {
            OptionalLong seed = request.sampling().seed();
            all.add(
                    seed.isEmpty()
                            ? request
                            : request.withSampling(request.sampling().withSeed(seed.getAsLong() + i)));
        }
        return all;
    }

    /** @param mostTokens where the request names no limit; empty for what is left of the context */
    Request request(int[] prompt, OptionalInt mostTokens, int logprobs) {
        refuse(KEPT);
        Request request = Request.of(prompt)
                .withSampling(sampling())
                .withNumerics(numerics())
                .withStops(stops())
                .withLogprobs(logprobs)
                .withTimeLimit(options.requestTime())
                .withPriority(fields.integer("priority", -MOST_PRIORITY, MOST_PRIORITY)
                        .orElse(0))
                .withSharing(!fields.has("cache_prompt") || fields.flag("cache_prompt"))
                .withIgnoreEos(fields.flag("ignore_eos"));
        if (fields.has(AdapterScales.FIELD)) request = request.withAdapters(new AdapterScales(model).read(fields));
        Optional<Grammar> grammar = new GrammarFields(fields).read();
        if (grammar.isPresent()) request = request.withGrammar(grammar.get());
        OptionalInt asked = fields.integer("max_completion_tokens", 1, Integer.MAX_VALUE);
        if (asked.isEmpty()) asked = fields.integer("max_tokens", 1, Integer.MAX_VALUE);
        if (asked.isEmpty()) asked = mostTokens;
        return asked.isEmpty() ? request : request.withMaxTokens(asked.getAsInt());
    }

    private Sampling sampling() {
        Sampling s = Sampling.PLAIN;
        s = s.withTemperature(fields.number("temperature", 0, 2).orElse(s.temperature()));
        s = s.withTopP(fields.number("top_p", 0, 1).orElse(s.topP()));
        s = s.withTopK(
                Math.max(0, fields.integer("top_k", -1, Integer.MAX_VALUE).orElse(s.topK())));
        s = s.withMinP(fields.number("min_p", 0, 1).orElse(s.minP()));
        s = s.withPresencePenalty(fields.number("presence_penalty", -2, 2).orElse(0));
        s = s.withFrequencyPenalty(fields.number("frequency_penalty", -2, 2).orElse(0));
        double repetition = fields.number("repeat_penalty", 0, 100)
                .orElse(fields.number("repetition_penalty", 0, 100).orElse(1));
        if (repetition == 0) throw fields.unsupported("repeat_penalty", "must be more than 0");
        s = s.withRepetitionPenalty(repetition).withLogitBias(biases());
        OptionalLong seed = fields.whole("seed");
        return seed.isPresent() ? s.withSeed(seed.getAsLong()) : s;
    }

    private Map<Integer, Float> biases() {
        Optional<Fields> object = fields.object("logit_bias");
        if (object.isEmpty()) return Map.of();
        if (object.get().names().size() > MOST_BIASES) {
            throw ApiException.invalid("logit_bias", "logit_bias: at most " + MOST_BIASES + " tokens");
        }
        Map<Integer, Float> biases = new HashMap<>();
        for (String name : object.get().names()) {
            int token = name.matches("\\d{1,9}") ? Integer.parseInt(name) : -1;
            if (token < 0 || token >= model.spec().vocabulary()) {
                throw ApiException.invalid(
                        "logit_bias",
                        "logit_bias: a key is not a token of this model, allowed: 0 to "
                                + (model.spec().vocabulary() - 1));
            }
            object.get().number(name, -100, 100).ifPresent(bias -> biases.put(token, (float) bias));
        }
        return biases;
    }

    private Numerics numerics() {
        return numerics(fields);
    }

    static Numerics numerics(Fields fields) {
        String asked = fields.text("numerics").orElse("fast").toLowerCase(Locale.ROOT);
        return switch (asked) {
            case "fast" -> Numerics.FAST;
            case "exact" -> Numerics.EXACT;
            default -> throw ApiException.invalid("numerics", "numerics must be exact or fast");
        };
    }

    private List<String> stops() {
        List<String> stops = fields.texts("stop", MOST_STOPS);
        for (String stop : stops) {
            if (stop.isEmpty() || stop.length() > MOST_STOP_CHARS) {
                throw ApiException.invalid("stop", "stop: each must have 1 to " + MOST_STOP_CHARS + " characters");
            }
        }
        return stops;
    }
}
