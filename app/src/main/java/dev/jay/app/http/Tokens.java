// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.Model;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /tokenize} and {@code /detokenize}, with the field names of llama-server and of vLLM. */
final class Tokens {
    private final Model model;

    Tokens(Model model) {
        this.model = model;
    }

    ObjectNode tokenize(Fields fields) {
        String text =
                fields.text("content").or(() -> fields.text("prompt")).orElseThrow(() -> fields.missing("content"));
        boolean bare = fields.has("add_special") && !fields.flag("add_special")
                || fields.has("add_special_tokens") && !fields.flag("add_special_tokens");
        int[] tokens;
        try {
            tokens = model.tokenizer().encode(text, !bare, fields.flag("parse_special"));
        } catch (IllegalArgumentException e) { // a vocabulary need not have a token for every byte
            throw ApiException.invalid("content", e.getMessage());
        }
        ObjectNode reply = Json.object().put("count", tokens.length).put("max_model_len", model.contextLength());
        ArrayNode ids = reply.putArray("tokens");
        for (int token : tokens) ids.add(token);
        if (fields.flag("with_pieces")) {
            ArrayNode pieces = reply.putArray("pieces");
            for (int token : tokens) pieces.add(model.tokenizer().piece(token));
        }
        return reply;
    }

    ObjectNode detokenize(Fields fields) {
        JsonNode list = fields.get("tokens").orElseThrow(() -> fields.missing("tokens"));
        String text = model.detokenize(
                TokenIds.read(fields, "tokens", list, model.spec().vocabulary()));
        return Json.object().put("content", text).put("prompt", text);
    }
}
