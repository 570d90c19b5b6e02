// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * {@code tojson} as {@code json.dumps} writes it.
 *
 * @param indent     what a level is indented by, or null for all in one line
 */
record JsonWriter(Run run, Text out, boolean ascii, String indent, String comma, String colon, boolean sorted) {
    private static final String DOING = "writing JSON";

    static Object filter(Run run, Object value, Args args) {
        String what = "filter tojson";
        Object[] a = args.bind(run, what, 0, "ensure_ascii", "indent", "separators", "sort_keys");
        String indent = null;
        if (a[1] instanceof String s) {
            indent = s;
        } else if (Args.given(a[1]) && a[1] != null) {
            long width = Math.max(0, Args.integer(run, what, a[1], 0));
            run.makeText(DOING, width);
            indent = " ".repeat((int) width);
        }
        String comma = indent == null ? ", " : ",";
        String colon = ": ";
        if (Args.given(a[2]) && a[2] != null) {
            List<Object> separators = Py.elements(run, a[2]);
            if (separators.size() != 2) throw run.error(what + ": separators must be two, got " + separators.size());
            comma = Args.text(run, what, separators.get(0), "");
            colon = Args.text(run, what, separators.get(1), "");
        }
        Text out = Text.value(run, DOING);
        boolean ascii = Args.flag(a[0], false);
        new JsonWriter(run, out, ascii, indent, comma, colon, Args.flag(a[3], false)).write(value, 0);
        return out.made();
    }

    private void write(Object value, int level) {
        run.enter(DOING);
        switch (value) {
            case null -> out.add("null");
            case Boolean b -> out.add(b ? "true" : "false");
            case Long l -> out.add(Long.toString(l));
            case BigInteger b -> out.add(b.toString());
            case Double d -> out.add(number(d));
            case String s -> string(s);
            case Values.Range r -> throw none(r);
            case List<?> l -> list(l, level);
            case Values.Tuple t -> list(t.items(), level);
            case Map<?, ?> m -> map(m, level);
            default -> throw none(value);
        }
        run.leave();
    }

    private TemplateException none(Object value) {
        return run.error(DOING + ": there is none for " + Py.describe(value));
    }

    private static String number(double d) {
        if (Double.isNaN(d)) return "NaN";
        if (Double.isInfinite(d)) return d > 0 ? "Infinity" : "-Infinity";
        return Numbers.text(d);
    }

    private void newLine(int level) {
        if (indent != null) out.add('\n').repeat(indent, level);
    }

    private void list(List<?> list, int level) {
        if (list.isEmpty()) {
            out.add("[]");
            return;
        }
        out.add('[');
        boolean first = true;
        for (Object item : list) {
            if (!first) out.add(comma);
            first = false;
            newLine(level + 1);
            write(item, level + 1);
        }
        newLine(level);
        out.add(']');
    }

    private void map(Map<?, ?> map, int level) {
        if (map.isEmpty()) {
            out.add("{}");
            return;
        }
        out.add('{');
        boolean first = true;
        for (Map.Entry<?, ?> entry : entries(map)) {
            if (!first) out.add(comma);
            first = false;
            newLine(level + 1);
            string(key(entry.getKey()));
            out.add(colon);
            write(entry.getValue(), level + 1);
        }
        newLine(level);
        out.add('}');
    }

    private Iterable<? extends Map.Entry<?, ?>> entries(Map<?, ?> map) {
        if (!sorted) return map.entrySet();
        run.makeItems(DOING, map.size());
        List<Map.Entry<?, ?>> entries = new ArrayList<>(map.entrySet());
        Comparator<Map.Entry<?, ?>> byKey = (a, b) -> Order.compare(run, a.getKey(), b.getKey(), "<");
        entries.sort(byKey);
        return entries;
    }

    private static String key(Object key) {
        return switch (key) {
            case null -> "null";
            case Boolean b -> b ? "true" : "false";
            case Double d -> number(d);
            default -> key.toString();
        };
    }

    private void string(String s) {
        out.add('"');
        int plain = 0;
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            if (c >= 0x20 && c != '"' && c != '\\' && (c < 0x7f || !ascii)) continue;
            out.add(s, plain, i).add(escape(c));
            plain = i + 1;
        }
        out.add(s, plain, s.length()).add('"');
    }

    private static String escape(char c) {
        return switch (c) {
            case '"' -> "\\\"";
            case '\\' -> "\\\\";
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            case '\f' -> "\\f";
            case '\b' -> "\\b";
            case 0x7f -> "\u007f";
            default -> String.format("\\u%04x", (int) c);
        };
    }
}
