// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.Finish;
import dev.jay.engine.Message;
import dev.jay.engine.Model;
import dev.jay.engine.Piece;
import dev.jay.engine.Request;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.text.jinja.TemplateException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/chat/completions}: a conversation in, the assistant's message out. */
final class ChatCompletions implements Answers.Endpoint {
    private static final int MOST_MESSAGES = 4096;
    private static final int MOST_REASON = 500;
    private static final int MOST_TOP = Request.MOST_LOGPROBS;
    private static final Set<String> ROLES = Set.of("system", "developer", "user", "assistant", "tool");
    private static final Map<String, String> UNSUPPORTED = Map.of(
            "tools", "tools are not supported yet",
            "functions", "functions are not supported yet",
            "audio", "audio is not supported");

    private final Model model;
    private final String modelName;
    private final ServerOptions options;

    ChatCompletions(Model model, String modelName, ServerOptions options) {
        this.model = model;
        this.modelName = modelName;
        this.options = options;
    }

    @Override
    public Answers.Wanted read(Fields fields) {
        AnswerFields answer = new AnswerFields(fields, model, options);
        answer.checkModel(modelName);
        answer.refuse(UNSUPPORTED);
        boolean logprobs = fields.flag("logprobs");
        OptionalInt top = fields.integer("top_logprobs", 0, MOST_TOP);
        if (top.isPresent() && top.getAsInt() > 0 && !logprobs) {
            throw ApiException.invalid("top_logprobs", "top_logprobs needs logprobs to be true");
        }
        List<Message> messages = messages(fields);
        int[] prompt = prompt(messages);
        Request request = answer.request(prompt, OptionalInt.empty(), logprobs ? top.orElse(0) : -1);
        boolean stream = answer.isStream();
        boolean usage = stream && answer.wantsUsage();
        return new Answers.Wanted(answer.copies(request), stream, usage, new Shape(logprobs, usage, answer.copies()));
    }

    private int[] prompt(List<Message> messages) {
        try {
            return model.chatPrompt(messages);
        } catch (TemplateException e) {
            throw ApiException.invalid("messages", "chat_template", refusal(e.getMessage()));
        } catch (MalformedModelException e) {
            throw ApiException.invalid("messages", "chat_template", e.getMessage());
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid("messages", refusal(e.getMessage()));
        }
    }

    /** The template's words go back to who sent the messages it may quote, and nowhere else. */
    private static String refusal(String why) {
        String shown = why.length() <= MOST_REASON ? why : why.substring(0, MOST_REASON) + "...";
        return "the model's chat template refuses these messages: " + shown;
    }

    static List<Message> messages(Fields fields) {
        List<Fields> each = fields.objects("messages", MOST_MESSAGES);
        if (each.isEmpty()) throw ApiException.invalid("messages", "messages must not be empty");
        List<Message> messages = new ArrayList<>();
        for (Fields message : each) {
            String role = message.text("role").orElseThrow(() -> message.missing("role"));
            if (!ROLES.contains(role)) throw message.unsupported("role", "allowed: " + String.join(", ", ROLES));
            messages.add(new Message(role.equals("developer") ? "system" : role, content(message, role)));
        }
        return messages;
    }

    /** A string, or an array of text parts. */
    private static String content(Fields message, String role) {
        Optional<JsonNode> content = message.get("content");
        if (content.isEmpty()) {
            if (role.equals("assistant")) return "";
            throw message.missing("content");
        }
        if (content.get().isString()) return content.get().stringValue();
        if (!content.get().isArray()) throw message.wrong("content", "a string or an array of parts", content.get());
        StringBuilder text = new StringBuilder();
        for (Fields part : message.objects("content", MOST_MESSAGES)) {
            String type = part.text("type").orElseThrow(() -> part.missing("type"));
            if (!type.equals("text")) throw part.unsupported("type", "only text is supported");
            text.append(part.text("text").orElseThrow(() -> part.missing("text")));
        }
        return text.toString();
    }

    private final class Shape extends ReplyShape {
        private final boolean logprobs;

        Shape(boolean logprobs, boolean usage, int copies) {
            super("chatcmpl-", "chat.completion", "chat.completion.chunk", modelName, model, usage, copies);
            this.logprobs = logprobs;
        }

        @Override
        Optional<ObjectNode> opening(int index) {
            ObjectNode chunk = chunk(index);
            choiceOf(chunk).putObject("delta").put("role", "assistant").put("content", "");
            choiceOf(chunk).putNull("finish_reason");
            return Optional.of(chunk);
        }

        @Override
        Optional<ObjectNode> piece(int index, Piece piece) {
            boolean scores = logprobs && !texts.visible(piece.tokens()).isEmpty();
            if (piece.text().isEmpty() && !scores) return Optional.empty();
            ObjectNode chunk = chunk(index);
            choiceOf(chunk).putObject("delta").put("content", piece.text());
            if (logprobs) texts.chat(choiceOf(chunk).putObject("logprobs"), piece.tokens());
            choiceOf(chunk).putNull("finish_reason");
            return Optional.of(chunk);
        }

        @Override
        ObjectNode ending(int index, Finish finish) {
            ObjectNode chunk = chunk(index);
            choiceOf(chunk).putObject("delta");
            choiceOf(chunk).put("finish_reason", reason(finish));
            stop(choiceOf(chunk), finish);
            return chunk;
        }

        @Override
        void choice(ObjectNode choice, int index, Answer answer) {
            ObjectNode message =
                    choice.putObject("message").put("role", "assistant").put("content", answer.text());
            message.putNull("refusal");
            if (logprobs) texts.chat(choice.putObject("logprobs"), answer.tokens());
            else choice.putNull("logprobs");
        }
    }
}
