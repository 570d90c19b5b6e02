// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.Choice;
import dev.jay.engine.Finish;
import dev.jay.engine.FinishReason;
import dev.jay.engine.Model;
import dev.jay.engine.Piece;
import dev.jay.engine.Usage;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** How one endpoint writes its answers, whole or as chunks of a stream. One for each request. */
abstract class ReplyShape {
    /** An answer that has ended. */
    record Answer(String text, List<Choice> tokens, Finish finish) {}

    private final String id;
    private final String object;
    private final String chunkObject;
    private final long created = Instant.now().getEpochSecond();
    private final String modelName;
    private final boolean nullUsage;
    private final int copies;
    final TokenTexts texts;

    /**
     * @param copies    answers to each prompt, one after another: its tokens are counted once
     * @param nullUsage chunks before the one with the usage say that they have none, as the API promises
     */
    ReplyShape(
            String prefix,
            String object,
            String chunkObject,
            String modelName,
            Model model,
            boolean nullUsage,
            int copies) {
        this.copies = copies;
        id = prefix + UUID.randomUUID().toString().replace("-", "");
        this.object = object;
        this.chunkObject = chunkObject;
        this.modelName = modelName;
        this.nullUsage = nullUsage;
        texts = new TokenTexts(model.tokenizer());
    }

    /** What a stream begins with, for each answer. */
    abstract Optional<ObjectNode> opening(int index);

    /** Empty where there is nothing to tell. */
    abstract Optional<ObjectNode> piece(int index, Piece piece);

    abstract ObjectNode ending(int index, Finish finish);

    /** Fills one choice of a whole answer; the reason for its end is in it. */
    abstract void choice(ObjectNode choice, int index, Answer answer);

    final ObjectNode whole(List<Answer> answers) {
        ObjectNode root = head(object);
        ArrayNode choices = root.putArray("choices");
        for (int i = 0; i < answers.size(); i++) {
            ObjectNode choice = choices.addObject().put("index", i);
            choice.put("finish_reason", reason(answers.get(i).finish()));
            choice(choice, i, answers.get(i));
            stop(choice, answers.get(i).finish());
        }
        usage(root, answers.stream().map(Answer::finish).toList());
        return root;
    }

    /** The last chunk of a stream whose client asked for it. */
    final ObjectNode usageChunk(List<Finish> finishes) {
        ObjectNode root = head(chunkObject);
        root.putArray("choices");
        usage(root, finishes);
        return root;
    }

    /** A chunk with one empty choice, and that choice. */
    final ObjectNode chunk(int index) {
        ObjectNode root = head(chunkObject);
        root.putArray("choices").addObject().put("index", index);
        if (nullUsage) root.putNull("usage");
        return root;
    }

    static ObjectNode choiceOf(ObjectNode chunk) {
        return (ObjectNode) chunk.get("choices").get(0);
    }

    private ObjectNode head(String kind) {
        return Json.object()
                .put("id", id)
                .put("object", kind)
                .put("created", created)
                .put("model", modelName);
    }

    static String reason(Finish finish) {
        return finish.reason() == FinishReason.LENGTH ? "length" : "stop";
    }

    /** The text that ended it, where one did: the name is vLLM's. */
    static void stop(ObjectNode choice, Finish finish) {
        finish.stop().ifPresent(text -> choice.put("stop_reason", text));
    }

    private void usage(ObjectNode root, List<Finish> finishes) {
        int prompt = 0;
        int completion = 0;
        int reused = 0;
        for (int i = 0; i < finishes.size(); i++) {
            Usage u = finishes.get(i).usage();
            completion += u.completionTokens();
            if (i % copies > 0) continue;
            prompt += u.promptTokens();
            reused += u.reusedTokens();
        }
        ObjectNode usage = root.putObject("usage");
        usage.put("prompt_tokens", prompt)
                .put("completion_tokens", completion)
                .put("total_tokens", prompt + completion);
        usage.putObject("prompt_tokens_details").put("cached_tokens", reused);
        if (finishes.size() == 1)
            timings(root.putObject("timings"), finishes.getFirst().usage());
    }

    /** How long one answer took: the names are llama-server's. */
    private static void timings(ObjectNode timings, Usage usage) {
        timings.put("cache_n", usage.reusedTokens())
                .put("prompt_n", usage.promptTokens() - usage.reusedTokens())
                .put("prompt_ms", usage.promptNanos() / 1e6)
                .put("prompt_per_second", usage.promptTokensPerSecond())
                .put("predicted_n", usage.completionTokens())
                .put("predicted_ms", usage.decodeNanos() / 1e6)
                .put("predicted_per_second", usage.decodeTokensPerSecond())
                .put("queued_ms", usage.queuedNanos() / 1e6);
    }
}
