// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import dev.jay.model.text.jinja.Values.Function;
import dev.jay.model.text.jinja.Values.Tuple;
import dev.jay.model.text.jinja.Values.Undefined;
import dev.jay.model.text.jinja.Values.View;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The methods of strings, dicts, lists and tuples: those that change nothing, as in the immutable sandbox. */
final class Methods {
    private static final Set<String> DICT = Set.of("get", "items", "keys", "values", "copy");
    private static final Set<String> LIST = Set.of("index", "count", "copy");
    private static final Set<String> TUPLE = Set.of("index", "count");
    private static final Set<String> REFUSED_DICT = Set.of("clear", "pop", "popitem", "setdefault", "update");
    private static final Set<String> REFUSED_LIST =
            Set.of("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");

    private Methods() {}

    /** null where there is none of that name. */
    static Object find(Object of, String name) {
        return switch (of) {
            case String s
            when StringMethods.NAMES.contains(name) ->
                method("str", name, (run, args) -> StringMethods.call(run, s, name, args));
            case Map<?, ?> map
            when DICT.contains(name) -> method("dict", name, (run, args) -> dict(run, map, name, args));
            case Map<?, ?> map when REFUSED_DICT.contains(name) && !map.containsKey(name) -> refused("dict", name);
            case Values.Range range -> null;
            case List<?> list
            when LIST.contains(name) -> method("list", name, (run, args) -> list(run, list, name, args));
            case List<?> list when REFUSED_LIST.contains(name) -> refused("list", name);
            case Tuple tuple
            when TUPLE.contains(name) -> method("tuple", name, (run, args) -> list(run, tuple.items(), name, args));
            case null, default -> null;
        };
    }

    private static Function method(String type, String name, java.util.function.BiFunction<Run, Args, Object> body) {
        return new Function("method '" + name + "' of " + type, body);
    }

    private static Undefined refused(String type, String name) {
        return new Undefined("method '" + name + "' would change a " + type
                + ": templates may not, as in the sandbox they are written for; use + or a namespace");
    }

    private static Object dict(Run run, Map<?, ?> map, String name, Args args) {
        return switch (name) {
            case "get" -> {
                Object[] a = args.bind(run, "dict.get", 1, "key", "default");
                boolean never = a[0] instanceof Tuple || a[0] instanceof Undefined;
                Object key = never ? null : Py.key(run, a[0]);
                if (!never && map.containsKey(key)) yield map.get(key);
                yield Args.given(a[1]) ? a[1] : null;
            }
            case "items" -> {
                args.bind(run, "dict.items", 0);
                yield new View("dict_items", Py.items(run, map));
            }
            case "keys" -> {
                args.bind(run, "dict.keys", 0);
                yield new View("dict_keys", Py.elements(run, map));
            }
            case "values" -> {
                args.bind(run, "dict.values", 0);
                run.makeItems("listing a dict", map.size());
                yield new View("dict_values", new ArrayList<Object>(map.values()));
            }
            default -> {
                args.bind(run, "dict.copy", 0);
                run.makeItems("copying a dict", map.size() * 2L);
                yield new LinkedHashMap<Object, Object>(map);
            }
        };
    }

    private static Object list(Run run, List<?> list, String name, Args args) {
        switch (name) {
            case "index" -> {
                Object wanted = args.bind(run, "index", 1, "value")[0];
                long place = 0;
                for (Object item : list) {
                    if (Order.equal(run, item, wanted)) return place;
                    place++;
                }
                throw run.error("index: " + Py.describe(wanted) + " is not in the list");
            }
            case "count" -> {
                Object wanted = args.bind(run, "count", 1, "value")[0];
                long count = 0;
                for (Object item : list) if (Order.equal(run, item, wanted)) count++;
                return count;
            }
            default -> {
                args.bind(run, "copy", 0);
                run.makeItems("copying a list", list.size());
                return new ArrayList<Object>(list);
            }
        }
    }
}
