// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.Model;
import dev.jay.model.text.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What the model would be given for a chat, in any tongue, and how many tokens it is: nothing is run. */
final class Prompts {
    private final Tokenizer tokenizer;
    private final Answers.Endpoint chat;
    private final Anthropic anthropic;
    private final Responses responses;

    Prompts(Model model, String modelName, Answers.Endpoint chat) {
        tokenizer = model.tokenizer();
        this.chat = chat;
        anthropic = new Anthropic(modelName);
        responses = new Responses(modelName);
    }

    private int[] tokens(ObjectNode request) {
        return tokens(new Fields(request, ""));
    }

    private int[] tokens(Fields request) {
        return chat.read(request).requests().getFirst().prompt();
    }

    /** {@code POST /apply-template}: the conversation as the model's template writes it, control tokens spelt out. */
    ObjectNode template(Fields fields) {
        int[] tokens = tokens(fields);
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (int token : tokens) {
            byte[] bytes = tokenizer.isControl(token)
                    ? tokenizer.piece(token).getBytes(StandardCharsets.UTF_8)
                    : tokenizer.bytes(token);
            text.writeBytes(bytes);
        }
        ObjectNode reply = Json.object().put("prompt", text.toString(StandardCharsets.UTF_8));
        ArrayNode ids = reply.putArray("tokens");
        for (int token : tokens) ids.add(token);
        return reply;
    }

    /** {@code POST /v1/messages/count_tokens}. */
    ObjectNode ofMessages(Fields fields) {
        return Json.object().put("input_tokens", tokens(anthropic.prompt(fields)).length);
    }

    /** {@code POST /v1/responses/input_tokens}. */
    ObjectNode ofResponses(Fields fields) {
        return Json.object()
                .put("object", "response.input_tokens")
                .put("input_tokens", tokens(responses.prompt(fields)).length);
    }

    /** {@code POST /v1/chat/completions/input_tokens}. */
    ObjectNode ofChat(Fields fields) {
        return Json.object().put("input_tokens", tokens(fields).length);
    }
}
