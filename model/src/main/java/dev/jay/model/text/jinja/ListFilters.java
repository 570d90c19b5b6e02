// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import dev.jay.model.text.jinja.Values.Generator;
import dev.jay.model.text.jinja.Values.Undefined;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Filters about lists and dicts. */
final class ListFilters {
    private ListFilters() {}

    static Object apply(Run run, String filter, Object value, Args args) {
        return switch (filter) {
            case "length", "count" -> {
                args.bind(run, "filter " + filter, 0);
                yield (long) Py.length(run, value);
            }
            case "list" -> {
                args.bind(run, "filter list", 0);
                yield copy(run, Py.elements(run, value));
            }
            case "first" -> {
                args.bind(run, "filter first", 0);
                List<Object> items = Py.elements(run, value);
                yield items.isEmpty() ? new Undefined("no first item, the sequence was empty") : items.getFirst();
            }
            case "last" -> {
                args.bind(run, "filter last", 0);
                if (value instanceof Generator) throw run.error("filter last: a generator has no last item; use list");
                List<Object> items = Py.elements(run, value);
                yield items.isEmpty() ? new Undefined("no last item, the sequence was empty") : items.getLast();
            }
            case "items" -> {
                args.bind(run, "filter items", 0);
                if (value instanceof Undefined) yield new Generator(List::of);
                if (!(value instanceof Map<?, ?> map)) {
                    throw run.error("filter items: expected a dict, got " + Py.describe(value));
                }
                yield new Generator(() -> Py.items(run, map));
            }
            case "join" -> join(run, value, args);
            case "reverse" -> {
                args.bind(run, "filter reverse", 0);
                if (value instanceof String s) {
                    run.makeText("reversing", s.length());
                    yield new StringBuilder(s).reverse().toString();
                }
                List<Object> items = copy(run, Py.elements(run, value));
                Collections.reverse(items);
                yield new Generator(() -> items);
            }
            case "select", "reject", "selectattr", "rejectattr" -> select(run, filter, value, args);
            case "map" -> map(run, value, args);
            case "batch", "slice" -> Sorting.groups(run, filter, value, args);
            case "sort", "dictsort", "unique", "min", "max", "groupby" -> Sorting.apply(run, filter, value, args);
            default -> Filters.UNKNOWN;
        };
    }

    static List<Object> copy(Run run, List<Object> items) {
        run.makeItems("making a list", items.size());
        return new ArrayList<>(items);
    }

    /** The attribute {@code path} names, its parts separated by dots. */
    static Object attribute(Run run, Object item, Object path) {
        if (!(path instanceof String s)) return Access.item(run, item, path);
        Object at = item;
        for (Object part : s.indexOf('.') < 0 ? List.of(s) : Splits.split(run, s, ".", -1)) {
            String name = (String) part;
            boolean number =
                    !name.isEmpty() && name.length() < 10 && name.chars().allMatch(c -> c >= '0' && c <= '9');
            at = Access.item(run, at, number ? (Object) Long.valueOf(name) : name);
        }
        return at;
    }

    private static Object join(Run run, Object value, Args args) {
        Object[] a = args.bind(run, "filter join", 0, "d", "attribute");
        String separator = Args.given(a[0]) ? Py.text(run, a[0]) : "";
        boolean by = Args.given(a[1]) && a[1] != null;
        Text out = Text.value(run, "joining");
        boolean first = true;
        for (Object item : Py.elements(run, value)) {
            if (!first) out.add(separator);
            first = false;
            out.add(Py.text(run, by ? attribute(run, item, a[1]) : item));
        }
        return out.made();
    }

    private static Object select(Run run, String filter, Object value, Args args) {
        boolean byAttribute = filter.endsWith("attr");
        boolean keep = filter.startsWith("select");
        return new Generator(() -> {
            if (!Py.truth(value)) return List.of();
            int used = byAttribute ? 1 : 0;
            if (args.positional().size() < used) throw run.error("filter " + filter + ": expected an attribute");
            Predicate<Object> test = Py::truth;
            if (args.positional().size() > used) {
                Object name = args.positional().get(used);
                Args rest = args.without(used + 1);
                test = item -> Predicates.holds(run, Py.text(run, name), item, rest);
            }
            List<Object> items = Py.elements(run, value);
            List<Object> selected = new ArrayList<>();
            run.makeItems("filter " + filter, items.size());
            for (Object item : items) {
                run.step();
                Object tested = byAttribute ? attribute(run, item, args.first()) : item;
                if (test.test(tested) == keep) selected.add(item);
            }
            return selected;
        });
    }

    private static Object map(Run run, Object value, Args args) {
        return new Generator(() -> {
            if (!Py.truth(value)) return List.of();
            List<Object> items = Py.elements(run, value);
            run.makeItems("filter map", items.size());
            List<Object> mapped = new ArrayList<>();
            boolean byAttribute = args.positional().isEmpty() && args.named().containsKey("attribute");
            if (!byAttribute && args.positional().isEmpty()) {
                throw run.error("filter map: expected the name of a filter or attribute=");
            }
            Object[] a = byAttribute ? args.bind(run, "filter map", 0, "attribute", "default") : new Object[0];
            Args rest = byAttribute ? args : args.without(1);
            for (Object item : items) {
                run.step();
                if (!byAttribute) {
                    mapped.add(Filters.apply(run, Py.text(run, args.first()), item, rest));
                    continue;
                }
                Object got = attribute(run, item, a[0]);
                mapped.add(got instanceof Undefined && Args.given(a[1]) ? a[1] : got);
            }
            return mapped;
        });
    }
}
