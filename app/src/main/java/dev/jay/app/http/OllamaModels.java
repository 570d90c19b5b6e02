// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.Model;
import dev.jay.model.load.GgmlType;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What Ollama's clients ask about models: {@code /api/tags}, {@code /api/show}, {@code /api/ps}, {@code /api/version}. */
final class OllamaModels {
    private static final String NEVER = "0001-01-01T00:00:00Z"; // it stays as long as the server runs

    private final Model model;
    private final String modelName;
    private final String since = Instant.now().toString();

    OllamaModels(Model model, String modelName) {
        this.model = model;
        this.modelName = modelName;
    }

    ObjectNode version() {
        String version = Optional.ofNullable(OllamaModels.class.getPackage().getImplementationVersion())
                .orElse("0.0.0");
        return Json.object().put("version", version.replace("-SNAPSHOT", ""));
    }

    ObjectNode tags() {
        ObjectNode root = Json.object();
        root.putArray("models").add(entry().put("modified_at", since));
        return root;
    }

    ObjectNode loaded() {
        ObjectNode root = Json.object();
        root.putArray("models")
                .add(entry().put("expires_at", NEVER).put("size_vram", 0).put("context_length", model.contextLength()));
        return root;
    }

    private ObjectNode entry() {
        long weights = model.memory().byPurpose().entrySet().stream()
                .filter(e -> e.getKey().contains("weights"))
                .mapToLong(e -> e.getValue())
                .sum();
        ObjectNode entry = Json.object().put("name", modelName).put("model", modelName);
        entry.put("size", weights).put("digest", digest());
        entry.set("details", details());
        return entry;
    }

    private ObjectNode details() {
        ObjectNode details = Json.object().put("parent_model", "").put("format", "gguf");
        details.put("family", model.spec().architecture());
        details.putArray("families").add(model.spec().architecture());
        details.put(
                "parameter_size",
                model.metadata().optionalText("general.size_label").orElse(""));
        Optional<GgmlType> type = model.metadata().values().get("general.file_type") instanceof Long number
                ? GgmlType.ofFileType(number)
                : Optional.empty();
        return details.put("quantization_level", type.map(GgmlType::name).orElse(""));
    }

    /** Tells models apart by what their metadata says; no sum over the file's bytes. */
    private String digest() {
        String said =
                modelName + ' ' + model.spec() + ' ' + model.metadata().values().keySet();
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(said.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK lacks SHA-256", e);
        }
    }

    ObjectNode show(Fields fields) {
        ObjectNode asked = Json.object();
        Ollama.model(fields, asked);
        String name = asked.path("model").stringValue(fields.text("name").orElse(modelName));
        if (!name.equals(modelName) && !name.equals(model.name())) {
            throw ApiException.of(
                    404, "invalid_request_error", "model_not_found", "model '" + shown(name) + "' not found");
        }
        ObjectNode root = Json.object().put("modelfile", "").put("parameters", "");
        root.put(
                "template",
                model.metadata().optionalText("tokenizer.chat_template").orElse(""));
        root.set("details", details());
        ObjectNode info = root.putObject("model_info");
        model.metadata().values().forEach((key, value) -> describe(info, key, value));
        ArrayNode capabilities = root.putArray("capabilities");
        if (!model.spec().isEncoder()) capabilities.add("completion").add("tools");
        capabilities.add("embedding");
        return root.put("modified_at", since);
    }

    private static String shown(String name) {
        return name.length() <= 100 ? name : name.substring(0, 100);
    }

    private static void describe(ObjectNode info, String key, Object value) {
        if (key.equals("tokenizer.chat_template")) return; // has a field of its own
        switch (value) {
            case String text -> info.put(key, text);
            case Boolean flag -> info.put(key, flag);
            case Long number -> info.put(key, number);
            case Double number -> info.put(key, number);
            case BigInteger number -> info.put(key, number);
            default -> info.putNull(key); // an array: vocabularies are not for people
        }
    }
}
