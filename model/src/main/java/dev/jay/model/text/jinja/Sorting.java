// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import dev.jay.model.text.jinja.Values.Generator;
import dev.jay.model.text.jinja.Values.Tuple;
import dev.jay.model.text.jinja.Values.Undefined;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Filters that order or group. Strings are compared without regard to case unless asked otherwise. */
final class Sorting {
    private record Keyed(Object item, Object key) {}

    private Sorting() {}

    static Object apply(Run run, String filter, Object value, Args args) {
        String what = "filter " + filter;
        return switch (filter) {
            case "sort" -> {
                Object[] a = args.bind(run, what, 0, "reverse", "case_sensitive", "attribute");
                List<Keyed> keyed = keyed(run, Py.elements(run, value), a[2], Args.flag(a[1], false), true);
                yield sorted(run, keyed, Args.flag(a[0], false));
            }
            case "dictsort" -> dictSort(run, value, args.bind(run, what, 0, "case_sensitive", "by", "reverse"));
            case "unique" -> {
                Object[] a = args.bind(run, what, 0, "case_sensitive", "attribute");
                yield new Generator(() -> unique(run, value, a));
            }
            case "min", "max" -> {
                Object[] a = args.bind(run, what, 0, "case_sensitive", "attribute");
                yield extreme(
                        run,
                        filter.equals("min"),
                        keyed(run, Py.elements(run, value), a[1], Args.flag(a[0], false), false));
            }
            default -> groupBy(run, value, args.bind(run, what, 1, "attribute", "default", "case_sensitive"));
        };
    }

    /** @param many whether the attribute may name several, separated by commas; the key is then a list */
    private static List<Keyed> keyed(
            Run run, List<Object> items, Object attribute, boolean caseSensitive, boolean many) {
        run.makeItems("sorting", items.size() * 2L);
        boolean by = Args.given(attribute) && attribute != null;
        List<Object> paths = List.of();
        if (by) paths = many && attribute instanceof String s ? Splits.split(run, s, ",", -1) : List.of(attribute);
        List<Keyed> keyed = new ArrayList<>(items.size());
        for (Object item : items) {
            if (!by) {
                Object key = folded(run, item, caseSensitive);
                keyed.add(new Keyed(item, many ? Tuple.of(key) : key));
                continue;
            }
            Object[] keys = new Object[paths.size()];
            for (int i = 0; i < keys.length; i++) {
                keys[i] = folded(run, ListFilters.attribute(run, item, paths.get(i)), caseSensitive);
            }
            keyed.add(new Keyed(item, many ? Tuple.of(keys) : keys[0]));
        }
        return keyed;
    }

    private static Object folded(Run run, Object key, boolean caseSensitive) {
        if (caseSensitive || !(key instanceof String s)) return key;
        return Strings.cased(run, s, "lower");
    }

    private static List<Object> sorted(Run run, List<Keyed> keyed, boolean reverse) {
        Comparator<Keyed> order = (a, b) -> Order.compare(run, a.key, b.key, "<");
        // Reversing the order and not the list keeps equals as they came.
        keyed.sort(reverse ? Collections.reverseOrder(order) : order);
        List<Object> sorted = new ArrayList<>(keyed.size());
        for (Keyed one : keyed) sorted.add(one.item);
        return sorted;
    }

    private static Object dictSort(Run run, Object value, Object[] args) {
        if (!(value instanceof Map<?, ?> map)) {
            Py.defined(run, value);
            throw run.error("filter dictsort: expected a dict, got " + Py.describe(value));
        }
        String by = Args.text(run, "filter dictsort", args[1], "key");
        if (!by.equals("key") && !by.equals("value")) {
            throw run.error("filter dictsort: by='" + by + "', allowed: key, value");
        }
        Object place = by.equals("key") ? 0L : 1L;
        List<Keyed> keyed = keyed(run, Py.items(run, map), place, Args.flag(args[0], false), false);
        return sorted(run, keyed, Args.flag(args[2], false));
    }

    private static List<Object> unique(Run run, Object value, Object[] args) {
        Set<Object> seen = new HashSet<>();
        List<Object> unique = new ArrayList<>();
        for (Keyed one : keyed(run, Py.elements(run, value), args[1], Args.flag(args[0], false), false)) {
            Object key = one.key instanceof Undefined ? Undefined.class : Py.key(run, one.key);
            if (Numbers.isNumber(key) && Numbers.isInteger(key)) key = Numbers.big(key);
            else if (key instanceof Double d && d == Math.rint(d) && !Double.isInfinite(d)) key = exact(d);
            if (seen.add(key)) unique.add(one.item);
        }
        return unique;
    }

    private static Object exact(double whole) {
        return new java.math.BigDecimal(whole).toBigInteger();
    }

    private static Object extreme(Run run, boolean least, List<Keyed> keyed) {
        if (keyed.isEmpty()) return new Undefined("no " + (least ? "min" : "max") + ", the sequence was empty");
        Keyed best = keyed.getFirst();
        for (Keyed one : keyed) {
            int order = Order.compare(run, one.key, best.key, "<");
            if (least ? order < 0 : order > 0) best = one;
        }
        return best.item;
    }

    private static Object groupBy(Run run, Object value, Object[] args) {
        List<Object> items = Py.elements(run, value);
        List<Keyed> keyed = keyed(run, items, args[0], Args.flag(args[2], false), false);
        if (Args.given(args[1]) && args[1] != null) {
            keyed.replaceAll(one -> one.key instanceof Undefined ? new Keyed(one.item, args[1]) : one);
        }
        keyed.sort((a, b) -> Order.compare(run, a.key, b.key, "<"));
        List<Object> groups = new ArrayList<>();
        for (int from = 0; from < keyed.size(); ) {
            Object key = keyed.get(from).key;
            List<Object> members = new ArrayList<>();
            int to = from;
            while (to < keyed.size() && Order.equal(run, keyed.get(to).key, key)) members.add(keyed.get(to++).item);
            Object shown = ListFilters.attribute(run, members.getFirst(), args[0]);
            List<Object> group =
                    Tuple.of(shown instanceof Undefined ? key : shown, members).items();
            groups.add(new Tuple(group, List.of("grouper", "list")));
            from = to;
        }
        return groups;
    }

    /** {@code batch}: lists of so many; {@code slice}: so many lists. */
    static Object groups(Run run, String filter, Object value, Args args) {
        String what = "filter " + filter;
        Object[] a = args.bind(run, what, 1, filter.equals("batch") ? "linecount" : "slices", "fill_with");
        long count = Args.integer(run, what, a[0], 0);
        if (count < 1) throw run.error(what + ": count=" + count + ", allowed>=1");
        boolean fill = Args.given(a[1]) && a[1] != null;
        return new Generator(() -> {
            List<Object> items = Py.elements(run, value);
            run.makeItems(what, items.size() + (fill || filter.equals("slice") ? count : 0) * 2);
            return filter.equals("batch")
                    ? batch(items, (int) Math.min(count, Integer.MAX_VALUE), fill, a[1])
                    : slice(items, (int) count, fill, a[1]);
        });
    }

    private static List<Object> batch(List<Object> items, int size, boolean fill, Object with) {
        List<Object> batches = new ArrayList<>();
        for (int from = 0; from < items.size(); from += Math.min(size, items.size() - from)) {
            int to = from + Math.min(size, items.size() - from);
            List<Object> batch = new ArrayList<>(items.subList(from, to));
            while (fill && batch.size() < size) batch.add(with);
            batches.add(batch);
        }
        return batches;
    }

    private static List<Object> slice(List<Object> items, int count, boolean fill, Object with) {
        List<Object> slices = new ArrayList<>();
        int least = items.size() / count;
        int longer = items.size() % count;
        int from = 0;
        for (int i = 0; i < count; i++) {
            int to = from + least + (i < longer ? 1 : 0);
            List<Object> slice = new ArrayList<>(items.subList(from, to));
            if (fill && i >= longer) slice.add(with);
            slices.add(slice);
            from = to;
        }
        return slices;
    }
}
