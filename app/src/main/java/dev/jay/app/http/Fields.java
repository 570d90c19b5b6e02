// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * The fields of one JSON object, each read as the type it must have. A field that is absent or null is empty; one of
 * another type is refused by name. Unknown fields are not looked at.
 */
final class Fields {
    private final JsonNode node;
    private final String path;

    /** @param path what stands before a field's name in a message: empty, or such as {@code messages[0].} */
    Fields(JsonNode node, String path) {
        this.node = node;
        this.path = path;
    }

    boolean has(String name) {
        return get(name).isPresent();
    }

    Set<String> names() {
        return new TreeSet<>(node.propertyNames());
    }

    Optional<JsonNode> get(String name) {
        JsonNode value = node.get(name);
        return value == null || value.isNull() ? Optional.empty() : Optional.of(value);
    }

    Optional<String> text(String name) {
        return get(name).map(v -> {
            if (!v.isString()) throw wrong(name, "a string", v);
            return v.stringValue();
        });
    }

    boolean flag(String name) {
        Optional<JsonNode> value = get(name);
        if (value.isEmpty()) return false;
        if (!value.get().isBoolean()) throw wrong(name, "a boolean", value.get());
        return value.get().booleanValue();
    }

    OptionalInt integer(String name, int least, int most) {
        OptionalLong value = whole(name);
        if (value.isEmpty()) return OptionalInt.empty();
        if (value.getAsLong() < least || value.getAsLong() > most) {
            throw ApiException.invalid(
                    path + name, path + name + "=" + value.getAsLong() + ", allowed: " + least + " to " + most);
        }
        return OptionalInt.of((int) value.getAsLong());
    }

    OptionalLong whole(String name) {
        Optional<JsonNode> value = get(name);
        if (value.isEmpty()) return OptionalLong.empty();
        if (!value.get().isIntegralNumber() || !value.get().canConvertToLong()) {
            throw wrong(name, "a whole number of at most 64 bits", value.get());
        }
        return OptionalLong.of(value.get().longValue());
    }

    OptionalDouble number(String name, double least, double most) {
        Optional<JsonNode> value = get(name);
        if (value.isEmpty()) return OptionalDouble.empty();
        if (!value.get().isNumber()) throw wrong(name, "a number", value.get());
        double v = value.get().doubleValue();
        if (!(v >= least && v <= most)) {
            throw ApiException.invalid(
                    path + name,
                    String.format(Locale.ROOT, "%s%s=%s, allowed: %.0f to %.0f", path, name, v, least, most));
        }
        return OptionalDouble.of(v);
    }

    Optional<Fields> object(String name) {
        return get(name).map(v -> {
            if (!v.isObject()) throw wrong(name, "an object", v);
            return new Fields(v, path + name + ".");
        });
    }

    List<Fields> objects(String name, int most) {
        JsonNode list = array(name, most);
        List<Fields> all = new ArrayList<>();
        for (int i = 0; i < list.size(); i++) {
            String at = name + "[" + i + "]";
            if (!list.get(i).isObject()) throw wrong(at, "an object", list.get(i));
            all.add(new Fields(list.get(i), path + at + "."));
        }
        return all;
    }

    /** One string, or an array of them. */
    List<String> texts(String name, int most) {
        Optional<JsonNode> value = get(name);
        if (value.isEmpty()) return List.of();
        if (value.get().isString()) return List.of(value.get().stringValue());
        List<String> all = new ArrayList<>();
        for (JsonNode each : array(name, most)) {
            if (!each.isString()) throw wrong(name, "a string or an array of strings", each);
            all.add(each.stringValue());
        }
        return all;
    }

    private JsonNode array(String name, int most) {
        JsonNode value = get(name).orElseThrow(() -> missing(name));
        if (!value.isArray()) throw wrong(name, "an array", value);
        if (value.size() > most) {
            throw ApiException.invalid(
                    path + name, path + name + " has " + value.size() + " elements, allowed: at most " + most);
        }
        return value;
    }

    ApiException missing(String name) {
        return ApiException.invalid(path + name, "missing_required_parameter", path + name + " is missing");
    }

    ApiException wrong(String name, String wanted, JsonNode got) {
        return ApiException.invalid(
                path + name,
                "invalid_type",
                path + name + " must be " + wanted + ", got "
                        + got.getNodeType().name().toLowerCase(Locale.ROOT));
    }

    ApiException unsupported(String name, String why) {
        return ApiException.invalid(path + name, "unsupported_parameter", path + name + ": " + why);
    }
}
