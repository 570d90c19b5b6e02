// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.Finish;
import dev.jay.engine.Model;
import dev.jay.engine.Piece;
import dev.jay.engine.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/completions}: text or tokens in, what comes after them out. */
final class Completions implements Answers.Endpoint {
    private static final int MOST_PROMPTS = 64;
    private static final OptionalInt DEFAULT_TOKENS = OptionalInt.of(16); // as the API says
    private static final Map<String, String> UNSUPPORTED =
            Map.of("suffix", "filling in is not supported", "echo", "echoing the prompt is not supported");

    private final Model model;
    private final String modelName;
    private final ServerOptions options;
    private final OptionalInt unsaid;

    Completions(Model model, String modelName, ServerOptions options) {
        this(model, modelName, options, DEFAULT_TOKENS);
    }

    /** @param unsaid the most tokens of an answer where a request does not say; empty for what is left of the context */
    Completions(Model model, String modelName, ServerOptions options, OptionalInt unsaid) {
        this.unsaid = unsaid;
        this.model = model;
        this.modelName = modelName;
        this.options = options;
    }

    @Override
    public Answers.Wanted read(Fields fields) {
        AnswerFields answer = new AnswerFields(fields, model, options);
        answer.checkModel(modelName);
        answer.refuse(UNSUPPORTED);
        if (fields.integer("best_of", 1, Integer.MAX_VALUE).orElse(1) > 1) {
            throw fields.unsupported("best_of", "all answers are given: ask for n of them");
        }
        OptionalInt logprobs = fields.integer("logprobs", 0, Request.MOST_LOGPROBS);
        List<Request> requests = new ArrayList<>();
        for (int[] prompt : new Inputs(fields, "prompt", model).read(MOST_PROMPTS)) {
            requests.addAll(answer.copies(answer.request(prompt, unsaid, logprobs.orElse(-1))));
        }
        boolean stream = answer.isStream();
        boolean usage = stream && answer.wantsUsage();
        Shape shape = new Shape(logprobs.isPresent(), usage, requests.size(), answer.copies());
        return new Answers.Wanted(requests, stream, usage, shape);
    }

    private final class Shape extends ReplyShape {
        private final boolean logprobs;
        private final int[] offsets;

        Shape(boolean logprobs, boolean usage, int answers, int copies) {
            super("cmpl-", "text_completion", "text_completion", modelName, model, usage, copies);
            this.logprobs = logprobs;
            offsets = new int[answers];
        }

        @Override
        Optional<ObjectNode> opening(int index) {
            return Optional.empty();
        }

        @Override
        Optional<ObjectNode> piece(int index, Piece piece) {
            boolean scores = logprobs && !texts.visible(piece.tokens()).isEmpty();
            if (piece.text().isEmpty() && !scores) return Optional.empty();
            ObjectNode chunk = chunk(index);
            ObjectNode choice = choiceOf(chunk).put("text", piece.text());
            if (logprobs)
                offsets[index] = texts.completion(choice.putObject("logprobs"), piece.tokens(), offsets[index]);
            else choice.putNull("logprobs");
            choice.putNull("finish_reason");
            return Optional.of(chunk);
        }

        @Override
        ObjectNode ending(int index, Finish finish) {
            ObjectNode chunk = chunk(index);
            choiceOf(chunk).put("text", "").putNull("logprobs").put("finish_reason", reason(finish));
            stop(choiceOf(chunk), finish);
            return chunk;
        }

        @Override
        void choice(ObjectNode choice, int index, Answer answer) {
            choice.put("text", answer.text());
            if (logprobs) texts.completion(choice.putObject("logprobs"), answer.tokens(), 0);
            else choice.putNull("logprobs");
        }
    }
}
