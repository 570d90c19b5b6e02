// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.app.resident.ModelFacts;
import dev.jay.app.resident.ModelSource;
import dev.jay.app.resident.Residents;
import dev.jay.app.resident.Standing;
import dev.jay.model.load.GgmlType;
import dev.jay.model.load.Metadata;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What Ollama's clients ask about models: {@code /api/tags}, {@code /api/show}, {@code /api/ps}, {@code /api/version}. */
final class OllamaModels {
    private static final String SIZE = "general.size_label";
    private static final String TYPE = "general.file_type";
    private static final Set<String> KEPT = Set.of("general.architecture", SIZE, TYPE);
    private static final String NEVER = "0001-01-01T00:00:00Z"; // it stays as long as the server runs

    private final Residents residents;
    private final Map<String, ModelFacts> known = new ConcurrentHashMap<>(); // without what their files say at length

    OllamaModels(Residents residents) {
        this.residents = residents;
    }

    ObjectNode version() {
        String version = Optional.ofNullable(OllamaModels.class.getPackage().getImplementationVersion())
                .orElse("0.0.0");
        return Json.object().put("version", version.replace("-SNAPSHOT", ""));
    }

    /** All of them. */
    ObjectNode tags() {
        ObjectNode root = Json.object();
        ArrayNode models = root.putArray("models");
        for (Standing s : residents.standings()) {
            models.add(entry(s).put("modified_at", s.source().modified().toString()));
        }
        return root;
    }

    /** Those in memory, and until when. */
    ObjectNode loaded() {
        ObjectNode root = Json.object();
        ArrayNode models = root.putArray("models");
        for (Standing s : residents.standings()) {
            if (s.model().isEmpty()) continue;
            models.add(
                    entry(s).put("expires_at", s.ends().map(Instant::toString).orElse(NEVER))
                            .put("size_vram", 0)
                            .put("context_length", s.model().get().contextLength()));
        }
        return root;
    }

    private ObjectNode entry(Standing s) {
        ObjectNode entry = Json.object().put("name", s.name()).put("model", s.name());
        Optional<ModelFacts> facts = brief(s.source());
        long bytes = facts.map(ModelFacts::bytes).orElse(0L);
        entry.put("size", bytes).put("digest", digest(s.source(), bytes));
        entry.set("details", facts.map(OllamaModels::details).orElseGet(Json::object));
        return entry;
    }

    /** Kept from the first look: a list of many models is asked for often. Empty where the file cannot be read. */
    private Optional<ModelFacts> brief(ModelSource source) {
        ModelFacts facts = known.get(source.name());
        if (facts != null) return Optional.of(facts);
        try {
            ModelFacts whole = source.facts();
            Map<String, Object> kept = new HashMap<>(whole.metadata().values());
            kept.keySet().retainAll(KEPT);
            ModelFacts brief = new ModelFacts(whole.spec(), new Metadata(kept), whole.bytes());
            known.put(source.name(), brief);
            return Optional.of(brief);
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    private static ObjectNode details(ModelFacts facts) {
        ObjectNode details = Json.object().put("parent_model", "").put("format", "gguf");
        details.put("family", facts.spec().architecture());
        details.putArray("families").add(facts.spec().architecture());
        details.put("parameter_size", facts.metadata().optionalText(SIZE).orElse(""));
        Optional<GgmlType> type = facts.metadata().values().get(TYPE) instanceof Long number
                ? GgmlType.ofFileType(number)
                : Optional.empty();
        return details.put("quantization_level", type.map(GgmlType::name).orElse(""));
    }

    /** Tells models apart by what is known without reading them; no sum over the file's bytes. */
    private static String digest(ModelSource source, long bytes) {
        String said = source.name() + ' ' + bytes + ' ' + source.modified();
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(said.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK lacks SHA-256", e);
        }
    }

    /** @param name as {@link ModelChoice#known} has it; the model is not loaded for this */
    ObjectNode show(String name) throws IOException {
        ModelSource source = residents.standings().stream()
                .map(Standing::source)
                .filter(s -> s.name().equals(name))
                .findFirst()
                .orElseThrow();
        ModelFacts facts = source.facts();
        ObjectNode root = Json.object().put("modelfile", "").put("parameters", "");
        root.put(
                "template",
                facts.metadata().optionalText("tokenizer.chat_template").orElse(""));
        root.set("details", details(facts));
        ObjectNode info = root.putObject("model_info");
        facts.metadata().values().forEach((key, value) -> describe(info, key, value));
        ArrayNode capabilities = root.putArray("capabilities");
        if (!facts.spec().isEncoder()) capabilities.add("completion").add("tools");
        capabilities.add("embedding");
        return root.put("modified_at", source.modified().toString());
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
