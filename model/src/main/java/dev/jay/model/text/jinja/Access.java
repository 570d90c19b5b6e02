// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import dev.jay.model.text.jinja.Values.Namespace;
import dev.jay.model.text.jinja.Values.Tuple;
import dev.jay.model.text.jinja.Values.Undefined;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;

/** {@code a.b}, {@code a[b]} and {@code a[b:c:d]}. */
final class Access {
    private Access() {}

    /** Methods come before keys: {@code dict.items} is the method also where there is a key of that name. */
    static Object attribute(Run run, Object of, String name) {
        Py.defined(run, of);
        Object method = Methods.find(of, name);
        if (method != null) return method;
        return switch (of) {
            case Map<?, ?> map -> key(map, name);
            case Namespace namespace -> key(namespace.attributes, name);
            case Loop loop -> loop.attribute(name);
            case Tuple tuple
            when tuple.names().contains(name) -> tuple.items().get(tuple.names().indexOf(name));
            case null, default -> absent(of, name);
        };
    }

    private static Object key(Map<?, ?> map, Object key) {
        Object value = map.get(key);
        if (value != null || map.containsKey(key)) return value;
        return new Undefined("dict has no key '" + key + "'");
    }

    private static Undefined absent(Object of, Object name) {
        return new Undefined(Py.type(of) + " has no attribute '" + name + "'");
    }

    static Object item(Run run, Object of, Object key) {
        Py.defined(run, of);
        if (key instanceof Undefined) return absent(of, "undefined");
        return switch (of) {
            case Map<?, ?> map
            when key instanceof String name -> {
                Object value = map.get(name);
                if (value != null || map.containsKey(name)) yield value;
                Object method = Methods.find(of, name);
                yield method != null ? method : key(map, name);
            }
            case Map<?, ?> map -> isScalar(key) ? key(map, key) : absent(of, Py.describe(key));
            case List<?> list when Numbers.isInteger(key) -> place(list, key);
            case Tuple tuple when Numbers.isInteger(key) -> place(tuple.items(), key);
            case String s when Numbers.isInteger(key) -> character(run, s, key);
            case null, default -> key instanceof String name ? attribute(run, of, name) : absent(of, Py.describe(key));
        };
    }

    private static boolean isScalar(Object key) {
        return key == null || Numbers.isNumber(key);
    }

    private static Object place(List<?> list, Object index) {
        long place = index instanceof BigInteger
                ? Long.MAX_VALUE
                : Numbers.big(index).longValue();
        long at = place < 0 ? place + list.size() : place;
        if (at >= 0 && at < list.size()) return list.get((int) at);
        return new Undefined("list has no element " + place + ", length=" + list.size());
    }

    private static Object character(Run run, String s, Object index) {
        int length = Py.length(run, s);
        long place = index instanceof BigInteger
                ? Long.MAX_VALUE
                : Numbers.big(index).longValue();
        long at = place < 0 ? place + length : place;
        if (at < 0 || at >= length) return new Undefined("str has no character " + place + ", length=" + length);
        int from = s.offsetByCodePoints(0, (int) at);
        return s.substring(from, s.offsetByCodePoints(from, 1));
    }

    static Object slice(Run run, Object of, Object start, Object stop, Object step) {
        Py.defined(run, of);
        long by = bound(run, step, 1);
        if (by == 0) throw run.error("slicing: step=0, allowed: any other");
        boolean sliceable = of instanceof String || of instanceof List<?> || of instanceof Tuple;
        if (!sliceable) throw run.error("cannot slice " + Py.describe(of));
        int length = Py.length(run, of);
        long low = by < 0 ? -1 : 0;
        long high = by < 0 ? length - 1 : length;
        long from = clamp(bound(run, start, by < 0 ? high : low), start != null, length, low, high);
        long to = clamp(bound(run, stop, by < 0 ? low : high), stop != null, length, low, high);
        return switch (of) {
            case String s -> Sequences.characters(run, s, from, to, by);
            case Tuple tuple -> new Tuple(Sequences.places(run, tuple.items(), from, to, by));
            case Values.Range range -> range.slice(run, from, to, by);
            case List<?> list -> Sequences.places(run, list, from, to, by);
            default -> throw new IllegalStateException("slice of " + Py.type(of));
        };
    }

    private static long bound(Run run, Object value, long otherwise) {
        return switch (value) {
            case null -> otherwise;
            case Boolean b -> b ? 1 : 0;
            case Long l -> l;
            case BigInteger b -> b.signum() < 0 ? Long.MIN_VALUE / 2 : Long.MAX_VALUE / 2;
            default -> {
                Py.defined(run, value);
                throw run.error("slicing: bounds must be integers, got " + Py.describe(value));
            }
        };
    }

    private static long clamp(long bound, boolean given, int length, long low, long high) {
        long place = given && bound < 0 ? bound + length : bound;
        return Math.clamp(place, low, high);
    }
}
