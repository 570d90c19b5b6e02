// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** What files beside a tokenizer say of it: the chat template, which tokens begin and end, what is put in front. */
final class TokenizerConfig {
    private static final long MOST_BYTES = 16L << 20; // it may list every added token
    private static final long MOST_TEMPLATE = 4L << 20;
    /** Classes of transformers that put BOS and EOS by these flags, whatever the tokenizer.json says. */
    private static final Set<String> BY_FLAGS = Set.of("Llama", "CodeLlama", "Gemma", "Cohere");

    private TokenizerConfig() {}

    /** Adds to the values of a tokenizer; what they hold already stays. */
    static void add(Path directory, Map<String, Object> values) throws IOException {
        List<?> tokens = (List<?>) values.get("tokenizer.ggml.tokens");
        Path file = directory.resolve("tokenizer_config.json");
        JsonNode config = Files.isRegularFile(file) ? read(file) : null;
        if (config != null) {
            id(values, tokens, "bos_token_id", config.get("bos_token"));
            id(values, tokens, "eos_token_id", config.get("eos_token"));
            flags(values, config);
        }
        String template = template(directory, config);
        if (template != null) values.putIfAbsent("tokenizer.chat_template", template);
        ends(directory, values, tokens.size());
    }

    private static JsonNode read(Path file) throws IOException {
        checkSize(file, MOST_BYTES);
        try {
            JsonNode root = TokenizerJson.MAPPER.readTree(Files.readAllBytes(file));
            if (root.isObject()) return root;
        } catch (JacksonException e) {
            throw new MalformedModelException(
                    file, 0, "not JSON: " + MalformedModelException.shown(e.getOriginalMessage()));
        }
        throw new MalformedModelException(file, 0, "wanted a JSON object");
    }

    private static void checkSize(Path file, long most) throws IOException {
        if (Files.size(file) > most) {
            throw new MalformedModelException(
                    file, 0, "longer than it may be: bytes=" + Files.size(file) + ", most=" + most);
        }
    }

    /** A token is named by its text, or by an object with its text. */
    private static void id(Map<String, Object> values, List<?> tokens, String key, JsonNode named) {
        if (named == null) return;
        JsonNode text = named.isObject() ? named.path("content") : named;
        if (!text.isString()) return;
        int id = tokens.lastIndexOf(text.stringValue());
        if (id >= 0) values.putIfAbsent("tokenizer.ggml." + key, (long) id);
    }

    private static void flags(Map<String, Object> values, JsonNode config) {
        String kind = config.path("tokenizer_class").asString("").replaceFirst("Tokenizer(Fast)?$", "");
        if (!BY_FLAGS.contains(kind)) return;
        for (String key : List.of("add_bos_token", "add_eos_token")) {
            JsonNode flag = config.path(key);
            if (flag.isBoolean()) values.putIfAbsent("tokenizer.ggml." + key, flag.booleanValue());
        }
    }

    /** A file of its own wins; several by name are a list, of which the one named default is taken. */
    private static String template(Path directory, JsonNode config) throws IOException {
        Path own = directory.resolve("chat_template.jinja");
        if (Files.isRegularFile(own)) {
            checkSize(own, MOST_TEMPLATE);
            return Files.readString(own);
        }
        JsonNode given = config == null ? null : config.get("chat_template");
        if (given == null) return null;
        if (given.isString()) return given.stringValue();
        String first = null;
        for (JsonNode one : given) {
            String text = one.path("template").asString(null);
            if (one.path("name").asString("").equals("default")) return text;
            if (first == null) first = text;
        }
        return first;
    }

    /** All tokens that end an answer; generation_config.json may list several. */
    private static void ends(Path directory, Map<String, Object> values, int size) throws IOException {
        Path file = directory.resolve("generation_config.json");
        if (!Files.isRegularFile(file)) return;
        JsonNode config = read(file);
        List<Long> ends = new ArrayList<>();
        JsonNode given = config.path("eos_token_id");
        for (JsonNode one : given.isArray() ? given : List.of(given)) {
            if (one.isInt() && one.intValue() >= 0 && one.intValue() < size) ends.add(one.longValue());
        }
        if (ends.isEmpty()) return;
        values.putIfAbsent("tokenizer.ggml.eos_token_id", ends.getFirst());
        values.put(
                "tokenizer.ggml.eos_token_ids",
                ends.stream().mapToInt(Long::intValue).toArray());
        JsonNode bos = config.path("bos_token_id");
        if (bos.isInt() && bos.intValue() >= 0 && bos.intValue() < size) {
            values.putIfAbsent("tokenizer.ggml.bos_token_id", bos.longValue());
        }
    }
}
