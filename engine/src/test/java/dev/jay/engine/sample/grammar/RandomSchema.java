// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** JSON schemas by a seed, of every keyword that is honoured. */
final class RandomSchema {
    private static final JsonNodeFactory MAKE = JsonNodeFactory.instance;
    private static final String[] NAMES = {"a", "b", "c", "name", "e\u00e9", "x y", "q\"", "ab"};
    private static final String[] PATTERNS = {
        "^[a-c]{1,3}$",
        "ab",
        "^\\d+$",
        "^(a|b)*c",
        "[^a]$",
        "^.{2}$",
        "x?y",
        "^\\w+\\.\\w+$",
        "^\u00e9|b$",
        "^\\p{Lu}",
        "^$"
    };
    private static final String[] FORMATS = {"date", "time", "date-time", "uuid", "ipv4", "ipv6", "uri", "hostname"};

    private final Random random;

    RandomSchema(long seed) {
        this.random = new Random(seed);
    }

    String text() {
        ObjectNode root = schema(3);
        if (random.nextInt(3) == 0) {
            ObjectNode tree = MAKE.objectNode().put("type", "object");
            ObjectNode properties = tree.putObject("properties");
            properties.set("v", schema(1));
            properties.putObject("next").put("$ref", "#/$defs/tree");
            properties.putObject("all").put("type", "array").putObject("items").put("$ref", "#/$defs/tree");
            tree.putArray("required").add("v");
            ObjectNode whole = MAKE.objectNode().put("type", "object");
            ObjectNode both = whole.putObject("properties");
            both.set("first", root);
            both.putObject("tree").put("$ref", "#/$defs/tree");
            whole.putArray("required").add("tree");
            whole.putObject("$defs").set("tree", tree);
            root = whole;
        }
        return JsonMapper.shared().writeValueAsString(root);
    }

    private ObjectNode schema(int depth) {
        List<Supplier<ObjectNode>> kinds = new ArrayList<>(List.of(
                this::string,
                this::string,
                this::number,
                this::number,
                this::values,
                () -> MAKE.objectNode().put("type", random.nextBoolean() ? "boolean" : "null")));
        if (depth > 0) {
            kinds.addAll(List.of(
                    () -> object(depth),
                    () -> object(depth),
                    () -> array(depth),
                    () -> any(depth),
                    () -> all(depth),
                    () -> one(depth)));
        }
        return kinds.get(random.nextInt(kinds.size())).get();
    }

    private ObjectNode string() {
        ObjectNode s = MAKE.objectNode().put("type", "string");
        switch (random.nextInt(5)) {
            case 0 -> s.put("format", FORMATS[random.nextInt(FORMATS.length)]);
            case 1 -> s.put("pattern", PATTERNS[random.nextInt(PATTERNS.length)]);
            case 2 -> s.put("minLength", random.nextInt(4)).put("maxLength", 3 + random.nextInt(5));
            case 3 -> s.put("pattern", PATTERNS[random.nextInt(6)]).put("maxLength", 6);
            default -> {}
        }
        return s;
    }

    private ObjectNode number() {
        boolean whole = random.nextBoolean();
        ObjectNode n = MAKE.objectNode().put("type", whole ? "integer" : "number");
        double low = random.nextInt(400) - 200 + (whole ? 0 : random.nextInt(4) / 4.0);
        switch (random.nextInt(7)) {
            case 0 -> n.put("minimum", low);
            case 1 -> n.put("maximum", low);
            case 2 -> n.put("minimum", low).put("maximum", low + random.nextInt(100));
            case 3 -> n.put("exclusiveMinimum", low).put("exclusiveMaximum", low + 1.5 + random.nextInt(100));
            case 4 -> n.put("multipleOf", whole ? 1 + random.nextInt(12) : 0.25).put("minimum", low);
            case 5 -> n.put("minimum", 0.001 * random.nextInt(100)).put("maximum", 1 + random.nextInt(20) / 3.0);
            default -> {}
        }
        return n;
    }

    private ObjectNode values() {
        ObjectNode v = MAKE.objectNode();
        if (random.nextInt(3) == 0) return v.put("const", NAMES[random.nextInt(NAMES.length)]);
        ArrayNode all = v.putArray("enum");
        for (int n = random.nextInt(5); n >= 0; n--) {
            switch (random.nextInt(4)) {
                case 0 -> all.add(random.nextInt(1000) - 500);
                case 1 -> all.addNull();
                case 2 ->
                    all.addObject().put("k", random.nextInt(5)).putArray("l").add(true);
                default -> all.add(NAMES[random.nextInt(NAMES.length)]);
            }
        }
        return v;
    }

    private ObjectNode object(int depth) {
        ObjectNode o = MAKE.objectNode().put("type", "object");
        if (random.nextInt(6) > 0) {
            ObjectNode properties = o.putObject("properties");
            ArrayNode required = MAKE.arrayNode();
            for (int n = random.nextInt(4); n > 0; n--) {
                String name = NAMES[random.nextInt(NAMES.length)];
                properties.set(name, schema(depth - 1));
                if (random.nextBoolean()) required.add(name);
            }
            if (random.nextInt(8) == 0) required.add("other");
            o.set("required", required);
        }
        switch (random.nextInt(6)) {
            case 0 -> o.put("additionalProperties", false);
            case 1 -> o.put("additionalProperties", true);
            case 2 -> o.set("additionalProperties", schema(depth - 1));
            case 3 -> {
                o.putObject("patternProperties").set("^a", schema(0));
                if (random.nextBoolean()) ((ObjectNode) o.get("patternProperties")).set("b$", schema(0));
            }
            default -> {}
        }
        if (random.nextInt(4) == 0) o.put("minProperties", random.nextInt(2));
        if (random.nextInt(4) == 0) o.put("maxProperties", 1 + random.nextInt(4));
        if (random.nextInt(8) == 0)
            o.putObject("propertyNames").put("pattern", "^[a-z]").put("maxLength", 5);
        return o;
    }

    private ObjectNode array(int depth) {
        ObjectNode a = MAKE.objectNode().put("type", "array");
        if (random.nextInt(3) == 0) {
            ArrayNode prefix = a.putArray("prefixItems");
            for (int n = random.nextInt(3); n >= 0; n--) prefix.add(schema(depth - 1));
            if (random.nextBoolean()) a.put("items", false);
        }
        if (!a.has("items") && random.nextInt(4) > 0) a.set("items", schema(depth - 1));
        int least = random.nextInt(3);
        if (random.nextBoolean()) a.put("minItems", least);
        if (random.nextBoolean()) a.put("maxItems", least + random.nextInt(3));
        return a;
    }

    private ObjectNode any(int depth) {
        ObjectNode a = MAKE.objectNode();
        ArrayNode branches = a.putArray("anyOf");
        for (int n = random.nextInt(3); n >= 0; n--) branches.add(schema(depth - 1));
        return a;
    }

    private ObjectNode all(int depth) {
        ObjectNode a = MAKE.objectNode();
        ArrayNode parts = a.putArray("allOf");
        ObjectNode first = schema(depth - 1);
        parts.add(first);
        if (random.nextBoolean())
            parts.add(MAKE.objectNode().set("anyOf", MAKE.arrayNode().add(first).add(schema(0))));
        else parts.add(schema(depth - 1));
        return a;
    }

    private ObjectNode one(int depth) {
        ObjectNode o = MAKE.objectNode();
        ArrayNode branches = o.putArray("oneOf");
        for (int i = random.nextInt(3); i >= 0; i--) {
            ObjectNode branch = branches.addObject().put("type", "object");
            ObjectNode properties = branch.putObject("properties");
            properties.putObject("kind").put("const", "k" + i);
            properties.set("of", schema(depth - 1));
            branch.putArray("required").add("kind");
        }
        branches.addObject().put("type", "null");
        return o;
    }
}
