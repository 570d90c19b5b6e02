// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.Finish;
import dev.jay.engine.FinishReason;
import dev.jay.engine.Model;
import dev.jay.engine.Piece;
import dev.jay.engine.chat.AnswerDelta;
import dev.jay.engine.chat.AnswerFormat;
import dev.jay.engine.chat.AnswerReader;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A chat's answer: the assistant's message, or its deltas; thinking and calls apart from what it says. */
final class ChatShape extends ReplyShape {
    private static final int ID_LENGTH = 9; // what some templates insist on

    private final boolean logprobs;
    private final AnswerFormat format;
    private final Map<Integer, AnswerReader> readers = new ConcurrentHashMap<>(); // of streamed answers

    ChatShape(Model model, String modelName, AnswerFormat format, boolean logprobs, boolean usage, int copies) {
        super("chatcmpl-", "chat.completion", "chat.completion.chunk", modelName, model, usage, copies);
        this.format = format;
        this.logprobs = logprobs;
    }

    private AnswerReader reader() {
        return format.reader(() -> UUID.randomUUID().toString().replace("-", "").substring(0, ID_LENGTH));
    }

    private AnswerReader reader(int index) {
        return readers.computeIfAbsent(index, _ -> reader());
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
        AnswerDelta delta = reader(index).next(piece.text());
        boolean scores = logprobs && !texts.visible(piece.tokens()).isEmpty();
        if (delta.isEmpty() && !scores) return Optional.empty();
        ObjectNode chunk = chunk(index);
        delta(choiceOf(chunk).putObject("delta"), delta, scores);
        if (logprobs) texts.chat(choiceOf(chunk).putObject("logprobs"), piece.tokens());
        choiceOf(chunk).putNull("finish_reason");
        return Optional.of(chunk);
    }

    private static void delta(ObjectNode to, AnswerDelta delta, boolean always) {
        if (!delta.reasoning().isEmpty()) to.put("reasoning_content", delta.reasoning());
        boolean nothingElse = delta.reasoning().isEmpty() && delta.calls().isEmpty();
        if (!delta.content().isEmpty() || (always && nothingElse)) to.put("content", delta.content());
        if (delta.calls().isEmpty()) return;
        ArrayNode calls = to.putArray("tool_calls");
        joined(delta).forEach((index, call) -> {
            ObjectNode of = calls.addObject().put("index", index);
            if (call.id() != null) of.put("id", call.id()).put("type", "function");
            ObjectNode function = of.putObject("function");
            if (call.name() != null) function.put("name", call.name());
            function.put("arguments", call.arguments());
        });
    }

    /** One for each call. */
    private static Map<Integer, AnswerDelta.Call> joined(AnswerDelta delta) {
        Map<Integer, AnswerDelta.Call> all = new LinkedHashMap<>();
        for (AnswerDelta.Call call : delta.calls()) {
            all.merge(
                    call.index(),
                    call,
                    (a, b) -> new AnswerDelta.Call(a.index(), a.id(), a.name(), a.arguments() + b.arguments()));
        }
        return all;
    }

    @Override
    ObjectNode ending(int index, Finish finish) {
        ObjectNode chunk = chunk(index);
        delta(choiceOf(chunk).putObject("delta"), reader(index).finish(), false);
        choiceOf(chunk).put("finish_reason", reason(finish, reader(index).calls()));
        stop(choiceOf(chunk), finish);
        return chunk;
    }

    private static String reason(Finish finish, int calls) {
        return calls > 0 && finish.reason() == FinishReason.STOP ? "tool_calls" : reason(finish);
    }

    @Override
    void choice(ObjectNode choice, int index, Answer answer) {
        AnswerReader reader = reader();
        AnswerDelta first = reader.next(answer.text());
        AnswerDelta last = reader.finish();
        String content = first.content() + last.content();
        ObjectNode message = choice.putObject("message").put("role", "assistant");
        if (content.isBlank() && !first.calls().isEmpty()) message.putNull("content");
        else message.put("content", content);
        String reasoning = (first.reasoning() + last.reasoning()).stripTrailing();
        if (!reasoning.isEmpty()) message.put("reasoning_content", reasoning);
        message.putNull("refusal");
        if (!first.calls().isEmpty()) {
            ArrayNode calls = message.putArray("tool_calls");
            joined(first)
                    .values()
                    .forEach(call -> calls.addObject()
                            .put("id", call.id())
                            .put("type", "function")
                            .putObject("function")
                            .put("name", call.name())
                            .put("arguments", call.arguments()));
        }
        if (logprobs) texts.chat(choice.putObject("logprobs"), answer.tokens());
        else choice.putNull("logprobs");
        choice.put("finish_reason", reason(answer.finish(), reader.calls()));
    }
}
