// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import dev.jay.model.text.jinja.Values.Callable;
import dev.jay.model.text.jinja.Values.Generator;
import dev.jay.model.text.jinja.Values.Namespace;
import dev.jay.model.text.jinja.Values.Range;
import dev.jay.model.text.jinja.Values.Tuple;
import dev.jay.model.text.jinja.Values.Undefined;
import dev.jay.model.text.jinja.Values.View;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What Python does with every value: truth, type, length, elements, text. */
final class Py {
    private Py() {}

    static boolean truth(Object value) {
        return switch (value) {
            case null -> false;
            case Boolean b -> b;
            case Long l -> l != 0;
            case BigInteger b -> b.signum() != 0;
            case Double d -> d != 0;
            case String s -> !s.isEmpty();
            case List<?> l -> !l.isEmpty();
            case Map<?, ?> m -> !m.isEmpty();
            case Tuple t -> !t.items().isEmpty();
            case View v -> !v.items().isEmpty();
            case Undefined u -> false;
            default -> true;
        };
    }

    static String type(Object value) {
        return switch (value) {
            case null -> "NoneType";
            case Boolean _ -> "bool";
            case Long _ -> "int";
            case BigInteger _ -> "int";
            case Double _ -> "float";
            case String _ -> "str";
            case Range r -> "range";
            case List<?> l -> "list";
            case Map<?, ?> m -> "dict";
            case Tuple t -> "tuple";
            case View v -> v.kind();
            case Undefined u -> "Undefined";
            case Namespace n -> "Namespace";
            case Generator g -> "generator";
            case Callable c -> c.describe();
            default -> value.getClass().getSimpleName();
        };
    }

    /** Type and, where it is short, value: for errors. */
    static String describe(Object value) {
        return switch (value) {
            case Undefined u -> "undefined (" + u.hint() + ")";
            case String s -> "str '" + (s.length() <= 40 ? s : s.substring(0, 40) + "...") + "'";
            case Boolean b -> b ? "bool True" : "bool False";
            case Long l -> "int " + l;
            case Double d -> "float " + Numbers.text(d);
            case null, default -> type(value);
        };
    }

    /** An error if undefined was asked for more than its absence. */
    static void defined(Run run, Object value) {
        if (value instanceof Undefined u) throw run.error(u.hint());
    }

    /** {@code len}. */
    static int length(Run run, Object value) {
        return switch (value) {
            case String s -> {
                run.look(s.length());
                yield s.codePointCount(0, s.length());
            }
            case List<?> l -> l.size();
            case Map<?, ?> m -> m.size();
            case Tuple t -> t.items().size();
            case View v -> v.items().size();
            case Undefined u -> 0;
            case null, default -> throw run.error("length of " + describe(value) + " is not defined");
        };
    }

    static boolean isIterable(Object value) {
        return switch (value) {
            case null -> false;
            case String _ -> true;
            case List<?> l -> true;
            case Map<?, ?> m -> true;
            case Tuple t -> true;
            case View v -> true;
            case Generator g -> true;
            case Undefined u -> true;
            default -> false;
        };
    }

    /** What a loop runs over: elements, keys, characters. The list must not be changed. */
    @SuppressWarnings("unchecked")
    static List<Object> elements(Run run, Object value) {
        return switch (value) {
            case List<?> l -> (List<Object>) l;
            case Tuple t -> t.items();
            case View v -> v.items();
            case Generator g -> g.take();
            case Undefined u -> List.of();
            case Map<?, ?> m -> {
                run.makeItems("running over a dict", m.size());
                yield new ArrayList<>(m.keySet());
            }
            case String s -> characters(run, s);
            case null, default -> throw run.error("cannot run over " + describe(value) + ": not iterable");
        };
    }

    private static List<Object> characters(Run run, String s) {
        run.makeItems("running over a string", s.codePointCount(0, s.length()));
        List<Object> characters = new ArrayList<>();
        for (int i = 0; i < s.length(); ) {
            int end = s.offsetByCodePoints(i, 1);
            characters.add(s.substring(i, end));
            i = end;
        }
        return characters;
    }

    static List<Object> items(Run run, Map<?, ?> map) {
        run.makeItems("listing a dict", map.size() * 2L);
        List<Object> items = new ArrayList<>(map.size());
        for (Map.Entry<?, ?> entry : map.entrySet()) items.add(Tuple.of(entry.getKey(), entry.getValue()));
        return items;
    }

    /** {@code str}: as printed. */
    static String text(Run run, Object value) {
        return switch (value) {
            case String s -> s;
            case Undefined u -> "";
            case null, default -> Repr.of(run, value);
        };
    }

    /** A dict key we hold; Python has more, templates do not need them. */
    static Object key(Run run, Object value) {
        return switch (value) {
            case null -> null;
            case String s -> s;
            case Boolean b -> b;
            case Long l -> l;
            case BigInteger b -> b;
            case Double d -> d;
            default ->
                throw run.error("a key of a dict must be a string, number, boolean or None, got " + describe(value));
        };
    }
}
