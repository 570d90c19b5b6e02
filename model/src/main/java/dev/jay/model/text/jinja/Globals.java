// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import dev.jay.model.text.jinja.Values.Function;
import dev.jay.model.text.jinja.Values.Namespace;
import dev.jay.model.text.jinja.Values.Range;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The functions every template has. */
final class Globals {
    private Globals() {}

    static void define(Scope scope) {
        scope.set("range", new Function("range", Globals::range));
        scope.set("dict", new Function("dict", (run, args) -> entries(run, "dict", args)));
        scope.set("namespace", new Function("namespace", Globals::namespace));
        scope.set("raise_exception", new Function("raise_exception", Globals::raise));
        scope.set("strftime_now", new Function("strftime_now", Globals::now));
        scope.set("joiner", new Function("joiner", Globals::joiner));
        scope.set("cycler", new Function("cycler", Globals::cycler));
    }

    private static Object range(Run run, Args args) {
        List<Object> given = args.positional();
        if (given.isEmpty() || given.size() > 3 || !args.named().isEmpty()) {
            throw run.error("range: expected one to three arguments without names, got " + given.size());
        }
        long first = Args.integer(run, "range", given.get(0), 0);
        if (given.size() == 1) return new Range(run, 0, first, 1);
        long step = given.size() == 3 ? Args.integer(run, "range", given.get(2), 1) : 1;
        return new Range(run, first, Args.integer(run, "range", given.get(1), 0), step);
    }

    private static Map<Object, Object> entries(Run run, String what, Args args) {
        Map<Object, Object> entries = new LinkedHashMap<>();
        if (args.positional().size() > 1) {
            throw run.error(what + ": arguments=" + args.positional().size() + ", allowed<=1");
        }
        if (!args.positional().isEmpty()) {
            Object from = args.first();
            List<Object> pairs = from instanceof Map<?, ?> map ? Py.items(run, map) : Py.elements(run, from);
            for (Object pair : pairs) {
                List<Object> parts = Py.elements(run, pair);
                if (parts.size() != 2) throw run.error(what + ": expected pairs, got " + parts.size() + " elements");
                entries.put(Py.key(run, parts.get(0)), parts.get(1));
            }
        }
        entries.putAll(args.named());
        run.makeItems("making a dict", entries.size() * 2L);
        return entries;
    }

    private static Object namespace(Run run, Args args) {
        Namespace namespace = new Namespace();
        entries(run, "namespace", args).forEach((key, value) -> namespace.attributes.put(Py.text(run, key), value));
        return namespace;
    }

    private static Object raise(Run run, Args args) {
        Object message = args.bind(run, "raise_exception", 1, "message")[0];
        throw run.refused(Py.text(run, message));
    }

    private static Object now(Run run, Args args) {
        Object format = args.bind(run, "strftime_now", 1, "format")[0];
        return Strftime.format(run, LocalDateTime.now(run.clock), Args.text(run, "strftime_now", format, ""));
    }

    private static Object joiner(Run run, Args args) {
        Object given = args.bind(run, "joiner", 0, "sep")[0];
        Object separator = Args.given(given) ? given : ", ";
        boolean[] used = new boolean[1];
        return new Function("joiner", (again, none) -> {
            boolean first = !used[0];
            used[0] = true;
            return first ? "" : separator;
        });
    }

    private static Object cycler(Run run, Args args) {
        List<Object> items = args.positional();
        if (items.isEmpty()) throw run.error("cycler: at least one item has to be given");
        int[] at = new int[1];
        Namespace cycler = new Namespace();
        cycler.attributes.put("current", items.getFirst());
        cycler.attributes.put("next", new Function("cycler.next", (again, none) -> {
            Object current = items.get(at[0]);
            at[0] = (at[0] + 1) % items.size();
            cycler.attributes.put("current", items.get(at[0]));
            return current;
        }));
        cycler.attributes.put("reset", new Function("cycler.reset", (again, none) -> {
            at[0] = 0;
            cycler.attributes.put("current", items.getFirst());
            return null;
        }));
        return cycler;
    }
}
