// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.MalformedModelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One part of a tokenizer.json, by the path that leads to it; every wrong value is told with that path. */
record PipelinePart(String path, JsonNode json) {
    private static final JsonMapper MAPPER = new JsonMapper();

    static PipelinePart parse(String text) {
        try {
            return new PipelinePart("tokenizer.json", MAPPER.readTree(text));
        } catch (JacksonException e) {
            throw new MalformedModelException("reading the tokenizer's pipeline: not JSON: "
                    + MalformedModelException.shown(e.getOriginalMessage()));
        }
    }

    MalformedModelException wrong(String what) {
        return new MalformedModelException("reading the vocabulary: " + path + " " + what);
    }

    /** The part under a name, which may be missing. */
    PipelinePart get(String name) {
        return new PipelinePart(path + "." + name, json.path(name));
    }

    boolean isMissing() {
        return json.isMissingNode() || json.isNull();
    }

    List<PipelinePart> each() {
        if (!json.isArray()) throw wrong("is not a list");
        List<PipelinePart> all = new ArrayList<>();
        for (JsonNode one : json) all.add(new PipelinePart(path + "[" + all.size() + "]", one));
        return all;
    }

    String text(String name) {
        return optionalText(name).orElseThrow(() -> wrong("lacks the text '" + name + "'"));
    }

    Optional<String> optionalText(String name) {
        JsonNode node = json.path(name);
        if (node.isMissingNode() || node.isNull()) return Optional.empty();
        if (!node.isString()) throw wrong("has no text under '" + name + "'");
        return Optional.of(node.stringValue());
    }

    boolean flag(String name, boolean otherwise) {
        JsonNode node = json.path(name);
        if (node.isMissingNode() || node.isNull()) return otherwise;
        if (!node.isBoolean()) throw wrong("has neither true nor false under '" + name + "'");
        return node.booleanValue();
    }

    int number(String name, int otherwise) {
        JsonNode node = json.path(name);
        if (node.isMissingNode() || node.isNull()) return otherwise;
        if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < 0) {
            throw wrong("has no number from 0 up under '" + name + "'");
        }
        return node.intValue();
    }

    /** What the part's type makes of it. */
    <T> T make(Map<String, Function<PipelinePart, T>> known) {
        String type = text("type");
        Function<PipelinePart, T> make = known.get(type);
        if (make != null) return make.apply(this);
        throw wrong("is of a type that is not supported: type=" + MalformedModelException.shown(type) + ", known="
                + known.keySet().stream().sorted().toList());
    }
}
