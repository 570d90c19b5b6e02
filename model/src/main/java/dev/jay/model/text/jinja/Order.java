// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import dev.jay.model.text.jinja.Values.Tuple;
import dev.jay.model.text.jinja.Values.Undefined;
import dev.jay.model.text.jinja.Values.View;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Equality, order and membership, as Python has them. */
final class Order {
    private Order() {}

    static boolean equal(Run run, Object a, Object b) {
        run.enter("comparing");
        boolean equal = equalIn(run, a, b);
        run.leave();
        return equal;
    }

    private static boolean equalIn(Run run, Object a, Object b) {
        if (Numbers.isNumber(a) && Numbers.isNumber(b)) {
            return !Numbers.isNan(a) && !Numbers.isNan(b) && Numbers.compare(a, b) == 0;
        }
        return switch (a) {
            case null -> b == null;
            case String s -> {
                if (!(b instanceof String t) || s.length() != t.length()) yield false;
                run.look(s.length());
                yield s.equals(t);
            }
            case List<?> l -> b instanceof List<?> m && equalItems(run, l, m);
            case Tuple t -> b instanceof Tuple u && equalItems(run, t.items(), u.items());
            case Map<?, ?> m -> b instanceof Map<?, ?> n && equalMaps(run, m, n);
            case View v -> b instanceof View w && v.kind().equals(w.kind()) && equalItems(run, v.items(), w.items());
            case Undefined u -> b instanceof Undefined;
            default -> a == b;
        };
    }

    private static boolean equalItems(Run run, List<?> a, List<?> b) {
        if (a.size() != b.size()) return false;
        Iterator<?> other = b.iterator();
        for (Object item : a) if (!equal(run, item, other.next())) return false;
        return true;
    }

    private static boolean equalMaps(Run run, Map<?, ?> a, Map<?, ?> b) {
        if (a.size() != b.size()) return false;
        for (Map.Entry<?, ?> entry : a.entrySet()) {
            Object other = b.get(entry.getKey());
            if (other == null && !b.containsKey(entry.getKey())) return false;
            if (!equal(run, entry.getValue(), other)) return false;
        }
        return true;
    }

    /** Negative, zero or positive; an error where there is no order. */
    static int compare(Run run, Object a, Object b, String sign) {
        run.enter("comparing");
        int order = compareIn(run, a, b, sign);
        run.leave();
        return order;
    }

    private static int compareIn(Run run, Object a, Object b, String sign) {
        if (Numbers.isNumber(a) && Numbers.isNumber(b)) return Numbers.compare(a, b);
        if (a instanceof String s && b instanceof String t) {
            run.look(Math.min(s.length(), t.length()));
            return compareText(s, t);
        }
        if (a instanceof List<?> l && b instanceof List<?> m) return compareItems(run, l, m, sign);
        if (a instanceof Tuple t && b instanceof Tuple u) return compareItems(run, t.items(), u.items(), sign);
        Py.defined(run, a);
        Py.defined(run, b);
        throw run.error("'" + sign + "' is not defined between " + Py.describe(a) + " and " + Py.describe(b));
    }

    /** By code point, where {@link String#compareTo} goes by UTF-16 unit. */
    static int compareText(String s, String t) {
        int shared = Math.min(s.length(), t.length());
        for (int i = 0; i < shared; i++) {
            char c = s.charAt(i);
            char d = t.charAt(i);
            if (c == d) continue;
            boolean high = Character.isSurrogate(c);
            if (high != Character.isSurrogate(d)) return high ? 1 : -1;
            return Character.compare(c, d);
        }
        return Integer.compare(s.length(), t.length());
    }

    private static int compareItems(Run run, List<?> a, List<?> b, String sign) {
        Iterator<?> other = b.iterator();
        for (Object item : a) {
            if (!other.hasNext()) return 1;
            Object with = other.next();
            if (!equal(run, item, with)) return compare(run, item, with, sign);
        }
        return other.hasNext() ? -1 : 0;
    }

    static boolean relates(Run run, Expr.Relation relation, Object a, Object b) {
        return switch (relation) {
            case EQUAL -> equal(run, a, b);
            case NOT_EQUAL -> !equal(run, a, b);
            case IN -> contains(run, b, a);
            case NOT_IN -> !contains(run, b, a);
            case LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL -> {
                if (Numbers.isNumber(a) && Numbers.isNumber(b) && (Numbers.isNan(a) || Numbers.isNan(b))) yield false;
                int order = compare(run, a, b, relation.sign);
                yield switch (relation) {
                    case LESS -> order < 0;
                    case LESS_OR_EQUAL -> order <= 0;
                    case GREATER -> order > 0;
                    default -> order >= 0;
                };
            }
        };
    }

    /** {@code item in container}. */
    static boolean contains(Run run, Object container, Object item) {
        if (container instanceof String s) {
            if (item instanceof String part) return new Finder(run, part).next(s, 0) >= 0;
            Py.defined(run, item);
            throw run.error("'in' a string needs a string, got " + Py.describe(item));
        }
        if (container instanceof Map<?, ?> map) {
            boolean neverKey = item instanceof Tuple || item instanceof Undefined;
            return !neverKey && map.containsKey(Py.key(run, item));
        }
        if (!Py.isIterable(container)) throw run.error("'in' is not defined on " + Py.describe(container));
        for (Object element : Py.elements(run, container)) if (equal(run, element, item)) return true;
        return false;
    }
}
