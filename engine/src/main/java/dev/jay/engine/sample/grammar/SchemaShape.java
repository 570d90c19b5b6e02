// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** What several schemas say together of one value, as far as it is said without alternatives. */
final class SchemaShape {
    /** What a JSON value can be; a whole number is both. */
    enum Type {
        NULL,
        BOOLEAN,
        INTEGER,
        NUMBER,
        STRING,
        ARRAY,
        OBJECT
    }

    static final int MOST_LENGTH = 20_000;
    static final int MOST_ITEMS = 10_000;
    static final int MOST_PROPERTIES = 1000;

    final List<SchemaPart> parts;
    final Set<Type> types;
    List<JsonNode> values; // null: any
    final List<BigDecimal> multiples = new ArrayList<>();
    final Set<String> patterns = new LinkedHashSet<>();
    final Set<String> formats = new LinkedHashSet<>();
    final Set<String> required = new LinkedHashSet<>();
    BigDecimal low; // null: none
    BigDecimal high;
    boolean aboveLow; // and not equal
    boolean belowHigh;
    int minLength;
    int maxLength = -1;
    int minItems;
    int maxItems = -1;
    int minProperties;
    int maxProperties = -1;

    SchemaShape(List<SchemaPart> parts) {
        this.parts = parts;
        this.types = types(parts);
        for (SchemaPart part : parts) {
            JsonNode n = part.node();
            values(n);
            numbers(n);
            minLength = Math.max(minLength, count(n, "minLength", MOST_LENGTH, 0));
            maxLength = least(maxLength, count(n, "maxLength", MOST_LENGTH, -1));
            minItems = Math.max(minItems, count(n, "minItems", MOST_ITEMS, 0));
            maxItems = least(maxItems, count(n, "maxItems", MOST_ITEMS, -1));
            minProperties = Math.max(minProperties, count(n, "minProperties", MOST_PROPERTIES, 0));
            maxProperties = least(maxProperties, count(n, "maxProperties", MOST_PROPERTIES, -1));
            if (n.has("pattern")) patterns.add(text(n, "pattern"));
            if (n.has("format")) formats.add(text(n, "format"));
            if (n.has("required")) required.addAll(names(n.get("required")));
            if (n.has("uniqueItems") && n.get("uniqueItems").booleanValue(false) && (maxItems < 0 || maxItems > 1)) {
                throw wrong("uniqueItems", "what came before cannot be remembered; leave it out or set maxItems to 1");
            }
        }
    }

    static GrammarException wrong(String word, String why) {
        return new GrammarException("schema: keyword " + word + ": " + why);
    }

    private static int least(int a, int b) {
        return a < 0 ? b : b < 0 ? a : Math.min(a, b);
    }

    private static int count(JsonNode node, String word, int most, int absent) {
        if (!node.has(word)) return absent;
        BigDecimal n = number(node, word);
        if (n.signum() < 0 || n.stripTrailingZeros().scale() > 0)
            throw wrong(word, "must be a whole number, 0 or more");
        if (n.compareTo(BigDecimal.valueOf(most)) > 0)
            throw wrong(word, "got " + shown(n) + ", allowed: at most " + most);
        return n.intValue();
    }

    private static String shown(BigDecimal n) {
        return n.round(new MathContext(10)).toString();
    }

    private static BigDecimal number(JsonNode node, String word) {
        if (!node.get(word).isNumber()) throw wrong(word, "must be a number");
        BigDecimal n = node.get(word).decimalValue();
        if (n.precision() > 100 || Math.abs((long) n.scale()) > 100) throw wrong(word, "has too many digits");
        return n;
    }

    private static String text(JsonNode node, String word) {
        if (!node.get(word).isString()) throw wrong(word, "must be a string");
        return node.get(word).stringValue();
    }

    private static List<String> names(JsonNode list) {
        List<String> names = new ArrayList<>();
        if (list.isArray()) {
            for (JsonNode each : list) {
                if (!each.isString()) throw wrong("required", "must be an array of strings");
                names.add(each.stringValue());
            }
        } else if (!list.isBoolean()) { // a boolean: an old draft's, about the value itself
            throw wrong("required", "must be an array of strings");
        }
        return names;
    }

    private static Set<Type> types(List<SchemaPart> parts) {
        Set<Type> types = EnumSet.allOf(Type.class);
        boolean said = false;
        for (SchemaPart part : parts) {
            if (!part.node().has("type")) continue;
            Set<Type> own = EnumSet.noneOf(Type.class);
            JsonNode type = part.node().get("type");
            for (JsonNode each : type.isArray() ? type : List.of(type)) own.add(type(each));
            if (part.node().path("nullable").booleanValue(false)) own.add(Type.NULL);
            if (own.contains(Type.NUMBER)) own.add(Type.INTEGER);
            types.retainAll(own);
            said = true;
        }
        return said ? types : meant(parts);
    }

    private static Type type(JsonNode name) {
        for (Type type : Type.values()) {
            if (name.isString() && name.stringValue().equals(type.name().toLowerCase(Locale.ROOT))) return type;
        }
        throw wrong("type", "must be one or several of null, boolean, integer, number, string, array, object");
    }

    /** Without a type: what the other words are about; a value of another type would satisfy them, but is not meant. */
    private static Set<Type> meant(List<SchemaPart> parts) {
        Set<Type> types = EnumSet.noneOf(Type.class);
        for (SchemaPart part : parts) {
            for (String word : part.node().propertyNames()) {
                if (SchemaKeywords.OBJECT.contains(word)) types.add(Type.OBJECT);
                if (SchemaKeywords.ARRAY.contains(word)) types.add(Type.ARRAY);
                if (SchemaKeywords.STRING.contains(word) || word.equals("format")) types.add(Type.STRING);
                if (SchemaKeywords.NUMBER.contains(word)) types.addAll(List.of(Type.NUMBER, Type.INTEGER));
            }
        }
        return types.isEmpty() ? EnumSet.allOf(Type.class) : types;
    }

    private void values(JsonNode node) {
        List<JsonNode> own = null;
        if (node.has("const")) own = List.of(node.get("const"));
        if (node.has("enum")) {
            List<JsonNode> listed = new ArrayList<>();
            for (JsonNode each : SchemaDocument.listed("enum", node.get("enum"))) listed.add(each);
            own = own == null ? listed : own.stream().filter(listed::contains).toList();
        }
        if (own == null) return;
        List<JsonNode> these = own;
        values =
                values == null ? these : values.stream().filter(these::contains).toList();
    }

    private void numbers(JsonNode n) {
        boolean oldLow = n.path("exclusiveMinimum").booleanValue(false);
        boolean oldHigh = n.path("exclusiveMaximum").booleanValue(false);
        if (n.has("minimum")) low(number(n, "minimum"), oldLow);
        if (n.has("maximum")) high(number(n, "maximum"), oldHigh);
        if (n.has("exclusiveMinimum") && !n.get("exclusiveMinimum").isBoolean())
            low(number(n, "exclusiveMinimum"), true);
        if (n.has("exclusiveMaximum") && !n.get("exclusiveMaximum").isBoolean())
            high(number(n, "exclusiveMaximum"), true);
        switch (n.path("format").stringValue("")) {
            case "int32" -> bits(31, true);
            case "int64" -> bits(63, true);
            case "uint32" -> bits(32, false);
            case "uint64" -> bits(64, false);
            default -> {}
        }
        if (n.has("multipleOf")) {
            BigDecimal of = number(n, "multipleOf");
            if (of.signum() <= 0) throw wrong("multipleOf", "must be more than 0");
            multiples.add(of.stripTrailingZeros());
        }
    }

    private void bits(int count, boolean signed) {
        BigDecimal most = BigDecimal.TWO.pow(count);
        low(signed ? most.negate() : BigDecimal.ZERO, false);
        high(most, true);
    }

    private void low(BigDecimal to, boolean above) {
        int order = low == null ? 1 : to.compareTo(low);
        if (order > 0) aboveLow = above;
        if (order == 0) aboveLow |= above;
        if (order > 0) low = to;
    }

    private void high(BigDecimal to, boolean below) {
        int order = high == null ? -1 : to.compareTo(high);
        if (order < 0) belowHigh = below;
        if (order == 0) belowHigh |= below;
        if (order < 0) high = to;
    }

    /** Whether a word about this type is said. */
    boolean says(Set<String> words) {
        return parts.stream().anyMatch(p -> p.node().propertyNames().stream().anyMatch(words::contains));
    }
}
