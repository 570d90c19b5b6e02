// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import dev.jay.model.text.jinja.Values.Tuple;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** Strings, lists and tuples: added, multiplied, sliced. */
final class Sequences {
    private Sequences() {}

    static TemplateException undefinedBetween(Run run, String sign, Object left, Object right) {
        Py.defined(run, left);
        Py.defined(run, right);
        return run.error("'" + sign + "' is not defined between " + Py.describe(left) + " and " + Py.describe(right));
    }

    static Object add(Run run, Object left, Object right) {
        if (left instanceof String s && right instanceof String t) {
            run.makeText("adding strings", (long) s.length() + t.length());
            return s.concat(t);
        }
        if (left instanceof Tuple t && right instanceof Tuple u) return new Tuple(joined(run, t.items(), u.items()));
        boolean ranges = left instanceof Values.Range || right instanceof Values.Range;
        if (left instanceof List<?> l && right instanceof List<?> m && !ranges) return joined(run, l, m);
        throw undefinedBetween(run, "+", left, right);
    }

    private static List<Object> joined(Run run, List<?> left, List<?> right) {
        run.makeItems("adding lists", (long) left.size() + right.size());
        List<Object> sum = new ArrayList<>(left.size() + right.size());
        sum.addAll(left);
        sum.addAll(right);
        return sum;
    }

    static Object multiply(Run run, Object left, Object right) {
        boolean swapped = Numbers.isInteger(left);
        Object of = swapped ? right : left;
        Object times = swapped ? left : right;
        if (!Numbers.isInteger(times)) throw undefinedBetween(run, "*", left, right);
        BigInteger asked = Numbers.big(times).max(BigInteger.ZERO);
        long count = asked.bitLength() > 31 ? Integer.MAX_VALUE : asked.longValue();
        return switch (of) {
            case String s -> {
                run.makeText("repeating a string", s.length() * count);
                yield s.isEmpty() ? s : s.repeat((int) count);
            }
            case Tuple t -> new Tuple(repeated(run, t.items(), count));
            case Values.Range r -> throw undefinedBetween(run, "*", left, right);
            case List<?> l -> repeated(run, l, count);
            case null, default -> throw undefinedBetween(run, "*", left, right);
        };
    }

    private static List<Object> repeated(Run run, List<?> items, long count) {
        run.makeItems("repeating a list", items.size() * count);
        List<Object> all = new ArrayList<>();
        for (long i = 0; i < count && !items.isEmpty(); i++) all.addAll(items);
        return all;
    }

    private static long count(long from, long to, long by) {
        if (by > 0) return from >= to ? 0 : (to - from - 1) / by + 1;
        return from <= to ? 0 : (from - to - 1) / -by + 1;
    }

    static List<Object> places(Run run, List<?> items, long from, long to, long by) {
        long count = count(from, to, by);
        run.makeItems("slicing a list", count);
        List<Object> slice = new ArrayList<>((int) count);
        for (long i = 0; i < count; i++) slice.add(items.get((int) (from + i * by)));
        return slice;
    }

    static String characters(Run run, String s, long from, long to, long by) {
        long count = count(from, to, by);
        run.look(s.length());
        run.makeText("slicing a string", count);
        if (count == 0) return "";
        if (by == 1) {
            int start = s.offsetByCodePoints(0, (int) from);
            return s.substring(start, s.offsetByCodePoints(start, (int) count));
        }
        run.makeText("slicing a string", s.length() * 2L);
        int[] all = s.codePoints().toArray();
        StringBuilder slice = new StringBuilder();
        for (long i = 0; i < count; i++) slice.appendCodePoint(all[(int) (from + i * by)]);
        return slice.toString();
    }
}
