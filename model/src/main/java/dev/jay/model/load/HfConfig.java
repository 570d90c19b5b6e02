// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A model's {@code config.json}, or an object in it. A key whose value is null counts as absent. */
record HfConfig(Path file, String where, ObjectNode values) {
    private static final long MOST_BYTES = 4L << 20;

    static HfConfig read(Path file) throws IOException {
        return new HfConfig(file, "", JsonText.object(file, MOST_BYTES));
    }

    boolean has(String key) {
        return values.hasNonNull(key);
    }

    String text(String key) {
        return optionalText(key).orElseThrow(() -> wrong(key, "is missing"));
    }

    Optional<String> optionalText(String key) {
        if (!has(key)) return Optional.empty();
        if (!values.get(key).isString()) throw wrong(key, "is not a text");
        return Optional.of(values.get(key).stringValue());
    }

    long whole(String key) {
        if (!has(key)) throw wrong(key, "is missing");
        JsonNode value = values.get(key);
        if (!value.isIntegralNumber() || !value.canConvertToLong()) throw wrong(key, "is not a whole number");
        return value.longValue();
    }

    long whole(String key, long otherwise) {
        return has(key) ? whole(key) : otherwise;
    }

    double real(String key) {
        if (!has(key)) throw wrong(key, "is missing");
        if (!values.get(key).isNumber()) throw wrong(key, "is not a number");
        return values.get(key).doubleValue();
    }

    double real(String key, double otherwise) {
        return has(key) ? real(key) : otherwise;
    }

    Optional<Boolean> flag(String key) {
        if (!has(key)) return Optional.empty();
        if (!values.get(key).isBoolean()) throw wrong(key, "is not true or false");
        return Optional.of(values.get(key).booleanValue());
    }

    /** An array of numbers. */
    List<Double> reals(String key) {
        if (!has(key) || !values.get(key).isArray()) throw wrong(key, "is not an array of numbers");
        List<Double> all = new ArrayList<>();
        for (JsonNode v : values.get(key)) {
            if (!v.isNumber()) throw wrong(key, "is not an array of numbers");
            all.add(v.doubleValue());
        }
        return all;
    }

    /** An array of texts. */
    List<String> texts(String key) {
        if (!has(key) || !values.get(key).isArray()) throw wrong(key, "is not an array of texts");
        List<String> all = new ArrayList<>();
        for (JsonNode v : values.get(key)) {
            if (!v.isString()) throw wrong(key, "is not an array of texts");
            all.add(v.stringValue());
        }
        return all;
    }

    /** The object under a key. */
    Optional<HfConfig> inner(String key) {
        if (!has(key)) return Optional.empty();
        if (values.get(key) instanceof ObjectNode object) {
            return Optional.of(new HfConfig(file, where + key + ".", object));
        }
        throw wrong(key, "is not an object");
    }

    MalformedModelException wrong(String key, String what) {
        String value =
                has(key) ? ": " + MalformedModelException.shown(values.get(key).toString()) : "";
        return new MalformedModelException(file, 0, where + key + " " + what + value);
    }
}
