// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.Choice;
import dev.jay.model.text.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Tokens as the API shows them where logprobs are asked for. */
final class TokenTexts {
    private static final double LEAST = -9999; // JSON has no infinity

    private final Tokenizer tokenizer;

    TokenTexts(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /** Those that are text: not what ended the answer. */
    List<Choice> visible(List<Choice> tokens) {
        return tokens.stream()
                .filter(c -> !tokenizer.isControl(c.token())
                        && !tokenizer.endOfGeneration().contains(c.token()))
                .toList();
    }

    String text(int token) {
        return new String(tokenizer.bytes(token), StandardCharsets.UTF_8);
    }

    static double finite(double logprob) {
        return Double.isFinite(logprob) ? logprob : LEAST;
    }

    /** As chat completions list them: {@code {"content":[{"token","logprob","bytes","top_logprobs"}]}}. */
    void chat(ObjectNode logprobs, List<Choice> tokens) {
        ArrayNode content = logprobs.putArray("content");
        for (Choice c : visible(tokens)) {
            ObjectNode one = scored(content.addObject(), c.token(), c.logprob());
            ArrayNode top = one.putArray("top_logprobs");
            for (Choice.Scored s : c.top()) scored(top.addObject(), s.token(), s.logprob());
        }
        logprobs.putNull("refusal");
    }

    private ObjectNode scored(ObjectNode node, int token, double logprob) {
        node.put("token", text(token)).put("logprob", finite(logprob));
        ArrayNode bytes = node.putArray("bytes");
        for (byte b : tokenizer.bytes(token)) bytes.add(b & 0xff);
        return node;
    }

    /**
     * As completions list them: parallel arrays.
     *
     * @param offset characters of the answer before these tokens
     * @return characters of the answer after them
     */
    int completion(ObjectNode logprobs, List<Choice> tokens, int offset) {
        ArrayNode texts = logprobs.putArray("tokens");
        ArrayNode values = logprobs.putArray("token_logprobs");
        ArrayNode tops = logprobs.putArray("top_logprobs");
        ArrayNode offsets = logprobs.putArray("text_offset");
        int at = offset;
        for (Choice c : visible(tokens)) {
            texts.add(text(c.token()));
            values.add(finite(c.logprob()));
            ObjectNode top = tops.addObject();
            for (Choice.Scored s : c.top()) top.put(text(s.token()), finite(s.logprob()));
            offsets.add(at);
            at += text(c.token()).length();
        }
        return at;
    }
}
