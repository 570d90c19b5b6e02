// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import dev.jay.engine.sample.grammar.SchemaShape.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Writes what a schema describes as rules: the JSON of its values, properties in its order. What several schemas say of
 * one value (allOf, references with words beside them, anyOf with words beside it) is put together before it is written,
 * so that all of it holds.
 */
final class SchemaWriter {
    private static final int MOST_VALUES = 50_000; // schemas written, alternatives multiplied out
    private static final int MOST_DEPTH = 200;

    private final SchemaDocument document;
    private final NetworkBuilder to;
    private final TextRules texts;
    private final ObjectWriter objects;
    private final Map<List<Object>, CharDfa> known = new HashMap<>();
    private int written;
    private int depth;

    SchemaWriter(SchemaDocument document, NetworkBuilder to) {
        this.document = document;
        this.to = to;
        this.texts = new TextRules(to, true);
        this.objects = new ObjectWriter(this, to);
    }

    /** Writes the values that satisfy all of these between two nodes. */
    void add(int from, List<SchemaPart> parts, int end) {
        if (++written > MOST_VALUES) {
            throw new GrammarException("schema: anyOf, oneOf, allOf: more than " + MOST_VALUES
                    + " schemas when their alternatives are multiplied out");
        }
        SchemaDocument.Flat flat = document.flat(parts);
        if (flat.impossible()) return;
        if (flat.parts().isEmpty()) {
            to.call(from, anything(), end);
        } else if (flat.byRef()) {
            Set<SchemaPart> key = new HashSet<>(flat.parts());
            int rule = to.kept(key);
            if (rule < 0) {
                rule = to.keep(key, to.rule("a schema that is referred to"));
                body(to.start(rule), flat.parts(), to.end(rule));
            }
            to.call(from, rule, end);
        } else {
            body(from, flat.parts(), end);
        }
    }

    /** A rule for the values that satisfy all of these, for places that write them several times. */
    int rule(List<SchemaPart> parts) {
        List<Object> key = List.of("rule", new HashSet<>(parts));
        int rule = to.kept(key);
        if (rule >= 0) return rule;
        rule = to.keep(key, to.rule("a value"));
        add(to.start(rule), parts, to.end(rule));
        return rule;
    }

    private void body(int from, List<SchemaPart> parts, int end) {
        if (++depth > MOST_DEPTH) throw new GrammarException("schema: it nests deeper than " + MOST_DEPTH);
        for (int i = 0; i < parts.size(); i++) {
            SchemaPart part = parts.get(i);
            JsonNode any = part.group("anyOf", SchemaPart.ANY_OF);
            JsonNode one = part.group("oneOf", SchemaPart.ONE_OF);
            if (any == null && one == null) continue;
            String word = any != null ? "anyOf" : "oneOf";
            JsonNode branches = SchemaDocument.listed(word, any != null ? any : one);
            if (any == null) new Exclusive(document).check(branches);
            for (JsonNode branch : branches) {
                List<SchemaPart> each = new ArrayList<>(parts);
                each.set(i, part.without(any != null ? SchemaPart.ANY_OF : SchemaPart.ONE_OF));
                each.add(new SchemaPart(branch));
                each.removeIf(p -> !p.asserts());
                add(from, each, end);
            }
            depth--;
            return;
        }
        shape(from, new SchemaShape(parts), end);
        depth--;
    }

    private void shape(int from, SchemaShape shape, int end) {
        if (shape.values != null) {
            values(from, shape, end);
            return;
        }
        if (shape.types.contains(Type.NULL)) to.text(from, "null", end);
        if (shape.types.contains(Type.BOOLEAN)) {
            to.text(from, "true", end);
            to.text(from, "false", end);
        }
        if (shape.types.contains(Type.INTEGER)) to.call(from, number(shape), end);
        if (shape.types.contains(Type.STRING)) to.call(from, string(stringTexts(shape)), end);
        if (shape.types.contains(Type.ARRAY)) array(from, shape, end);
        if (shape.types.contains(Type.OBJECT)) objects.add(from, shape, end);
    }

    private void values(int from, SchemaShape shape, int end) {
        CharDfa strings = null;
        CharDfa numbers = null;
        for (JsonNode value : shape.values) {
            Type type = typeOf(value);
            if (!shape.types.contains(type)) continue;
            if (type == Type.STRING) {
                if (strings == null) strings = stringTexts(shape);
                if (!strings.allows(value.stringValue())) continue;
            } else if (type == Type.NUMBER || type == Type.INTEGER) {
                if (numbers == null) numbers = numberTexts(shape);
                if (shape.says(SchemaKeywords.NUMBER)
                        && !numbers.allows(value.decimalValue().toPlainString())) continue;
            } else if ((type == Type.OBJECT && shape.says(SchemaKeywords.OBJECT))
                    || (type == Type.ARRAY && shape.says(SchemaKeywords.ARRAY))) {
                throw SchemaShape.wrong("enum", "of objects or arrays, with other words about them beside it");
            }
            to.text(from, value.toString(), end);
        }
    }

    private static Type typeOf(JsonNode value) {
        if (value.isNull()) return Type.NULL;
        if (value.isBoolean()) return Type.BOOLEAN;
        if (value.isString()) return Type.STRING;
        if (value.isArray()) return Type.ARRAY;
        if (value.isObject()) return Type.OBJECT;
        return value.decimalValue().stripTrailingZeros().scale() <= 0 ? Type.INTEGER : Type.NUMBER;
    }

    private CharDfa numberTexts(SchemaShape shape) {
        return NumberTexts.of(shape, !shape.types.contains(Type.NUMBER));
    }

    private int number(SchemaShape shape) {
        List<Object> key = List.of(
                "number",
                shape.types.contains(Type.NUMBER),
                List.copyOf(shape.multiples),
                String.valueOf(shape.low) + shape.aboveLow,
                String.valueOf(shape.high) + shape.belowHigh);
        int rule = to.kept(key);
        if (rule >= 0) return rule;
        rule = to.keep(key, to.rule("a number"));
        new TextRules(to, false).add(to.start(rule), numberTexts(shape), to.end(rule));
        return rule;
    }

    /** Texts of the strings that a shape allows. */
    CharDfa stringTexts(SchemaShape shape) {
        List<Object> key = List.of(shape.minLength, shape.maxLength, shape.patterns, shape.formats);
        CharDfa texts = known.get(key);
        if (texts == null) known.put(key, texts = madeTexts(shape));
        return texts;
    }

    private static CharDfa madeTexts(SchemaShape shape) {
        CharDfa all = CharDfa.ANY;
        if (shape.minLength > 0 || shape.maxLength >= 0) all = CharDfa.ofLengths(shape.minLength, shape.maxLength);
        for (String pattern : shape.patterns) all = all.and(texts("pattern", pattern, true));
        for (String format : shape.formats) {
            String expression = StringFormats.of(format);
            if (expression != null) all = all.and(texts("format", expression, false));
        }
        return all;
    }

    static CharDfa texts(String word, String expression, boolean anywhere) {
        try {
            return CharDfa.of(RegexReader.read(expression), anywhere);
        } catch (GrammarException e) {
            throw SchemaShape.wrong(word, e.getMessage());
        }
    }

    /** A rule for a string, quotes and all. */
    int string(CharDfa of) {
        int rule = to.kept(of);
        if (rule >= 0) return rule;
        rule = to.keep(of, to.rule("a string"));
        int open = to.node();
        int close = to.node();
        to.bytes(to.start(rule), '"', '"', open);
        texts.add(open, of, close);
        to.bytes(close, '"', '"', to.end(rule));
        return rule;
    }

    private int anything() {
        int rule = to.kept("anything");
        if (rule >= 0) return rule;
        rule = to.keep("anything", to.rule("any value"));
        shape(to.start(rule), new SchemaShape(List.of()), to.end(rule));
        return rule;
    }

    /** What may stand between the parts of an array or an object: nothing, a space, or a new line with its indentation. */
    void space(int from, int end) {
        to.free(from, end);
        to.bytes(from, ' ', ' ', end);
        int rule = to.kept("line");
        if (rule < 0) {
            rule = to.keep("line", to.rule("a new line"));
            int at = to.node();
            to.bytes(to.start(rule), '\n', '\n', at);
            for (int i = 0; i < 20; i++) {
                to.free(at, to.end(rule));
                int next = to.node();
                to.bytes(at, ' ', ' ', next);
                to.bytes(at, '\t', '\t', next);
                at = next;
            }
            to.free(at, to.end(rule));
        }
        to.call(from, rule, end);
    }

    private void array(int from, SchemaShape shape, int end) {
        ArrayItems items = new ArrayItems(shape);
        int open = to.node();
        int first = to.node();
        int close = to.node();
        to.bytes(from, '[', '[', open);
        space(open, first);
        to.bytes(close, ']', ']', end);
        int before = first;
        int counted = items.counted();
        for (int i = 0; ; i++) {
            if (i >= shape.minItems) {
                if (i > 0) space(before, close);
                else to.free(before, close);
            }
            if (shape.maxItems >= 0 && i >= shape.maxItems) return;
            boolean loops = i >= counted;
            int item = to.node();
            if (i > 0) comma(before, item);
            else to.free(before, item);
            int behind = to.node();
            if (i < items.prefix().size()) add(item, items.prefix().get(i), behind);
            else if (counted <= items.prefix().size() + 1 && loops) add(item, items.rest(), behind);
            else to.call(item, rule(items.rest()), behind);
            if (loops) {
                if (i + 1 >= shape.minItems) space(behind, close);
                comma(behind, item);
                return;
            }
            before = behind;
        }
    }

    void comma(int from, int end) {
        int behind = to.node();
        to.bytes(from, ',', ',', behind);
        space(behind, end);
    }
}
