// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

/** {@code value | filter}. */
final class Filters {
    /** What the parts answer for a filter they do not have. */
    static final Object UNKNOWN = new Object();

    private Filters() {}

    static Object apply(Run run, String filter, Object value, Args args) {
        run.step();
        Object text = TextFilters.apply(run, filter, value, args);
        if (text != UNKNOWN) return text;
        Object list = ListFilters.apply(run, filter, value, args);
        if (list != UNKNOWN) return list;
        Object number = NumberFilters.apply(run, filter, value, args);
        if (number != UNKNOWN) return number;
        return switch (filter) {
            case "tojson" -> JsonWriter.filter(run, value, args);
            case "default", "d" -> {
                Object[] a = args.bind(run, "filter default", 0, "default_value", "boolean");
                boolean replace = value instanceof Values.Undefined || Args.flag(a[1], false) && !Py.truth(value);
                yield !replace ? value : Args.given(a[0]) ? a[0] : "";
            }
            case "attr" -> {
                Object name = args.bind(run, "filter attr", 1, "name")[0];
                Py.defined(run, value);
                Object method = Methods.find(value, Py.text(run, name));
                if (method != null) yield method;
                yield value instanceof java.util.Map<?, ?>
                        ? new Values.Undefined("dict has no attribute '" + Py.text(run, name) + "'")
                        : Access.attribute(run, value, Py.text(run, name));
            }
            case "pprint" -> Repr.of(run, value);
            default -> throw run.error("unknown filter '" + filter + "'");
        };
    }
}
