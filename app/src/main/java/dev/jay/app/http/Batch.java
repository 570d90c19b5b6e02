// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.FinishReason;
import dev.jay.engine.Generation;
import dev.jay.engine.GenerationException;
import dev.jay.engine.Model;
import dev.jay.engine.QueueFullException;
import dev.jay.engine.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import tools.jackson.databind.node.ObjectNode;

/**
 * Answers the lines of a file of requests as the server would, without one: the same fields, the same refusals. What a
 * server would refuse is an answer too, with its status. Thread-safe. Borrows the model.
 */
public final class Batch {
    private static final Duration WITHOUT_END = Duration.ofDays(36_500);

    private final Model model;
    private final Map<String, Door> doors;

    /** What a line asks for, and how its answer is told. */
    private record Asked(Answers.Wanted wanted, Voice voice) {}

    /** Reads the body of a line. */
    private interface Door {
        Asked read(Fields body);
    }

    /** An answer being made. */
    public final class Started implements AutoCloseable {
        private final String customId;
        private final ApiException refusal;
        private final Asked asked;
        private final List<Generation> generations;

        private Started(String customId, ApiException refusal, Asked asked, List<Generation> generations) {
            this.customId = customId;
            this.refusal = refusal;
            this.asked = asked;
            this.generations = generations;
        }

        /** Waits for the answer's end. Returns the line to write, without its end; empty if it was cancelled. */
        public Optional<byte[]> finish() {
            if (refusal != null)
                return Optional.of(written(customId, refusal.status(), ErrorShape.OPENAI.body(refusal)));
            List<ReplyShape.Answer> answers = new ArrayList<>();
            try {
                for (Generation each : generations) {
                    if (each.finish().reason() == FinishReason.CANCELLED) return Optional.empty();
                    answers.add(new ReplyShape.Answer(each.text(), each.tokens(), each.finish()));
                }
            } catch (GenerationException e) {
                ApiException told = Errors.told(e);
                return Optional.of(written(customId, told.status(), ErrorShape.OPENAI.body(told)));
            }
            return Optional.of(written(
                    customId, 200, asked.voice().whole(asked.wanted().shape().whole(answers))));
        }

        public void cancel() {
            generations.forEach(Generation::cancel);
        }

        /** Ends the answers and waits until they have. */
        @Override
        public void close() {
            cancel();
            generations.forEach(Generation::close);
        }
    }

    public Batch(Model model) {
        this.model = model;
        String name = model.name().replaceFirst("\\.(gguf|bin)$", "");
        ServerOptions d = ServerOptions.DEFAULT;
        ServerOptions options = d.withLimits(d.bodyBytes(), d.headerBytes(), WITHOUT_END, d.concurrent());
        Answers.Endpoint chat = new ChatCompletions(model, name, options);
        Answers.Endpoint completions = new Completions(model, name, options);
        Tongue responses = new Responses(name);
        doors = Map.of(
                "/v1/chat/completions", body -> new Asked(chat.read(body), Voice.OPENAI),
                "/v1/completions", body -> new Asked(completions.read(body), Voice.OPENAI),
                "/v1/responses",
                        body -> {
                            Answers.Wanted wanted = chat.read(new Fields(responses.chat(body), ""));
                            return new Asked(wanted.within(model.contextLength()), responses.voice(body, wanted));
                        });
    }

    /** What a line asks for, so that lines can be put in order. */
    public BatchLine read(byte[] line) throws BatchLine.BrokenException {
        String customId = BatchLine.customId(line);
        try {
            return BatchLine.of(customId, asked(Json.parse(line)).wanted(), model.contextLength());
        } catch (RuntimeException e) { // it is refused when its turn comes
            return new BatchLine(customId, new int[0], 0);
        }
    }

    private Asked asked(Fields fields) {
        String url = fields.text("url").orElseThrow();
        Door door = doors.get(url);
        if (door == null) {
            throw fields.unsupported(
                    "url",
                    "allowed: "
                            + String.join(", ", doors.keySet().stream().sorted().toList()));
        }
        Fields body = fields.object("body").orElseThrow();
        if (body.flag("stream")) throw body.unsupported("stream", "a batch has nobody to stream to");
        return door.read(body);
    }

    /**
     * Takes a line up.
     *
     * @throws QueueFullException if it should be tried again when another has ended
     */
    public Started start(byte[] line) throws BatchLine.BrokenException {
        String customId = BatchLine.customId(line);
        List<Generation> generations = new ArrayList<>();
        try {
            Asked asked = asked(Json.parse(line));
            for (Request each : asked.wanted().requests()) generations.add(model.generate(each));
            return new Started(customId, null, asked, generations);
        } catch (RuntimeException e) {
            generations.forEach(Generation::close);
            if (e instanceof QueueFullException full) throw full;
            ApiException refusal =
                    e instanceof IllegalArgumentException ? ApiException.invalid(null, e.getMessage()) : Errors.told(e);
            return new Started(customId, refusal, null, List.of());
        }
    }

    /** The answer to a line that can never be taken up. */
    public static byte[] refused(String customId, RuntimeException why) {
        ApiException told = Errors.told(why);
        return written(customId, told.status(), ErrorShape.OPENAI.body(told));
    }

    /** The name of a line that was written; null where it is not a whole one. */
    public static String answered(byte[] line) {
        try {
            Fields fields = Json.parse(line);
            return fields.has("response") ? fields.text("custom_id").orElse(null) : null;
        } catch (ApiException e) {
            return null;
        }
    }

    private static byte[] written(String customId, int status, ObjectNode body) {
        ObjectNode line =
                Json.object().put("id", "batch_req_" + UUID.randomUUID()).put("custom_id", customId);
        line.putObject("response")
                .put("status_code", status)
                .put("request_id", "req-" + UUID.randomUUID())
                .set("body", body);
        return Json.bytes(line.putNull("error"));
    }
}
