// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.data;

import dev.jay.model.load.Metadata;
import dev.jay.model.text.ChatTemplate;
import dev.jay.model.text.Tokenizer;
import dev.jay.model.text.jinja.TemplateException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Examples for tuning from files. Of a {@code .jsonl} file each line is an object with {@code messages} (a conversation,
 * of which the assistant's turns are learnt), {@code instruction} with {@code output} and perhaps {@code input} (the same
 * as one turn), {@code prompt} with {@code completion} (as they are; the completion is learnt), or {@code text} (all of it
 * is learnt). Any other file is plain text, a document up to each line {@code <|endoftext|>}, all learnt. Conversations
 * are written by the model's own chat template, ChatML where it has none.
 */
public final class Examples {
    private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC); // a run follows from its files
    private static final String FORMS =
            "an object with \"messages\", \"instruction\" and \"output\", \"prompt\" and \"completion\", or \"text\"";

    /** What is done with an example. */
    public interface Sink {
        void example(Example example) throws IOException;
    }

    private final Tokenizer tokenizer;
    private final ChatTemplate template;
    private final boolean addSpecial; // a template writes BOS itself

    /** @param metadata of the model's file */
    public Examples(Tokenizer tokenizer, Metadata metadata) {
        Optional<String> own = metadata.optionalText("tokenizer.chat_template").filter(t -> !t.isBlank());
        this.tokenizer = tokenizer;
        this.template = own.map(ChatTemplate::compile).orElse(ChatTemplate.CHATML);
        this.addSpecial = own.isEmpty();
    }

    /** @throws IOException if a file cannot be read or is malformed; it names file and line */
    public void read(List<Path> files, Sink sink, Documents.Progress progress) throws IOException {
        long total = 0;
        for (Path file : files) total += Files.size(file);
        long before = 0;
        for (Path file : files) {
            if (file.toString().endsWith(".jsonl")) {
                lines(file, sink, before, total, progress);
            } else {
                Documents.read(List.of(file), text -> sink.example(text(text)), (_, _) -> {});
            }
            before += Files.size(file);
            progress.read(before, total);
        }
    }

    private void lines(Path file, Sink sink, long before, long total, Documents.Progress progress) throws IOException {
        long number = 0;
        long read = before;
        try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                number++;
                read += line.length() + 1L;
                if (line.isBlank()) continue;
                try {
                    sink.example(of(JsonMapper.shared().readTree(line)));
                } catch (JacksonException e) {
                    throw wrong(file, number, "no JSON: " + e.getOriginalMessage(), e);
                } catch (IllegalArgumentException | TemplateException e) {
                    throw wrong(file, number, String.valueOf(e.getMessage()), e);
                }
                progress.read(Math.min(read, total), total);
            }
        }
    }

    private static IOException wrong(Path file, long line, String what, Exception e) {
        return new IOException(file + ", line " + line + ": " + what, e);
    }

    /** @throws IllegalArgumentException if it has none of the known forms */
    Example of(JsonNode line) {
        if (line.has("messages")) return chat(messages(line.get("messages")));
        if (line.has("instruction")) {
            String more = line.has("input") ? string(line, "input") : "";
            String asked = string(line, "instruction") + (more.isEmpty() ? "" : "\n" + more);
            return chat(List.of(message("user", asked), message("assistant", string(line, "output"))));
        }
        if (line.has("prompt")) return completion(string(line, "prompt"), string(line, "completion"));
        if (line.has("text")) return text(string(line, "text"));
        throw new IllegalArgumentException("wanted " + FORMS);
    }

    private static String string(JsonNode line, String key) {
        JsonNode value = line.get(key);
        if (value == null || !value.isString()) {
            throw new IllegalArgumentException("\"" + key + "\" is no text; wanted " + FORMS);
        }
        return value.asString();
    }

    private static Map<String, Object> message(String role, String content) {
        return Map.of("role", role, "content", content);
    }

    private static List<Map<String, Object>> messages(JsonNode list) {
        List<Map<String, Object>> all = new ArrayList<>();
        for (JsonNode m : list) all.add(message(string(m, "role"), string(m, "content")));
        if (all.stream().noneMatch(m -> m.get("role").equals("assistant"))) {
            throw new IllegalArgumentException("\"messages\" has nothing that the assistant says");
        }
        return all;
    }

    /** What the assistant says is learnt, with what ends it. */
    private Example chat(List<Map<String, Object>> messages) {
        int[] tokens = tokenizer.encode(render(messages, false), addSpecial, true);
        boolean[] learnt = new boolean[tokens.length];
        for (int i = 0; i < messages.size(); i++) {
            if (!messages.get(i).get("role").equals("assistant")) continue;
            int from = shared(tokens, tokenizer.encode(render(messages.subList(0, i), true), addSpecial, true));
            int[] upTo = tokenizer.encode(render(messages.subList(0, i + 1), false), addSpecial, true);
            int to = shared(tokens, upTo);
            if (from < to) Arrays.fill(learnt, from, to, true);
        }
        return example(tokens, learnt);
    }

    private String render(List<Map<String, Object>> messages, boolean asks) {
        String bos = tokenizer.bos() < 0 ? null : tokenizer.piece(tokenizer.bos());
        String eos = tokenizer.eos() < 0 ? null : tokenizer.piece(tokenizer.eos());
        return template.render(messages, asks, null, bos, eos, Map.of(), CLOCK);
    }

    /** How many tokens the two begin with alike. */
    private static int shared(int[] a, int[] b) {
        int mismatch = Arrays.mismatch(a, b);
        return mismatch < 0 ? a.length : mismatch;
    }

    private Example completion(String prompt, String completion) {
        int[] tokens = ended(tokenizer.encode(prompt + completion, true, false));
        boolean[] learnt = new boolean[tokens.length];
        Arrays.fill(learnt, shared(tokens, tokenizer.encode(prompt, true, false)), tokens.length, true);
        return example(tokens, learnt);
    }

    private Example text(String text) {
        int[] tokens = ended(tokenizer.encode(text, true, false));
        boolean[] learnt = new boolean[tokens.length];
        Arrays.fill(learnt, true);
        return example(tokens, learnt);
    }

    private int[] ended(int[] tokens) {
        if (tokenizer.eos() < 0 || tokens.length > 0 && tokens[tokens.length - 1] == tokenizer.eos()) return tokens;
        int[] more = Arrays.copyOf(tokens, tokens.length + 1);
        more[tokens.length] = tokenizer.eos();
        return more;
    }

    private static Example example(int[] tokens, boolean[] learnt) {
        if (learnt.length > 0) learnt[0] = false;
        return new Example(tokens, learnt);
    }
}
