// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import dev.jay.model.text.jinja.Expr.Operator;
import java.math.RoundingMode;
import java.util.List;

/** Filters about numbers. */
final class NumberFilters {
    private NumberFilters() {}

    static Object apply(Run run, String filter, Object value, Args args) {
        return switch (filter) {
            case "abs" -> {
                args.bind(run, "filter abs", 0);
                if (!Numbers.isNumber(value)) throw unfit(run, filter, value);
                boolean negative = Numbers.real(value) < 0 || value instanceof Double d && 1 / d < 0;
                yield negative ? Numbers.negate(run, value) : Numbers.plus(run, value);
            }
            case "int" -> integer(run, value, args.bind(run, "filter int", 0, "default", "base"));
            case "float" -> {
                Object otherwise = args.bind(run, "filter float", 0, "default")[0];
                Object real = Numbers.isNumber(value) ? (Object) Numbers.real(value) : null;
                if (value instanceof String s) real = Numbers.parseReal(run, s);
                Py.defined(run, value);
                yield real != null ? real : Args.given(otherwise) ? otherwise : (Object) 0.0;
            }
            case "round" -> round(run, value, args.bind(run, "filter round", 0, "precision", "method"));
            case "sum" -> sum(run, value, args.bind(run, "filter sum", 0, "attribute", "start"));
            default -> Filters.UNKNOWN;
        };
    }

    private static TemplateException unfit(Run run, String filter, Object value) {
        Py.defined(run, value);
        return run.error("filter " + filter + ": expected a number, got " + Py.describe(value));
    }

    private static Object integer(Run run, Object value, Object[] args) {
        Object otherwise = Args.given(args[0]) ? args[0] : (Object) 0L;
        Py.defined(run, value);
        if (Numbers.isInteger(value)) return Numbers.plus(run, value);
        Object whole = null;
        if (value instanceof Double d) {
            whole = Numbers.truncate(d);
        } else if (value instanceof String s) {
            long base = Args.integer(run, "filter int", args[1], 10);
            if (base != 0 && (base < 2 || base > 36)) {
                throw run.error("filter int: base=" + base + ", allowed: 0 and 2 to 36");
            }
            whole = Numbers.parseInteger(run, s, (int) base);
            Double real = whole == null ? Numbers.parseReal(run, s) : null;
            if (real != null) whole = Numbers.truncate(real);
        }
        return whole != null ? whole : otherwise;
    }

    private static Object round(Run run, Object value, Object[] args) {
        long digits = Args.integer(run, "filter round", args[0], 0);
        String method = Args.text(run, "filter round", args[1], "common");
        if (!Numbers.isNumber(value)) throw unfit(run, "round", value);
        int places = Math.clamp(digits, -400, 400);
        return switch (method) {
            case "common" -> {
                if (Numbers.isInteger(value) && places >= 0) yield Numbers.plus(run, value);
                double rounded = Numbers.round(Numbers.real(value), places, RoundingMode.HALF_EVEN);
                yield Numbers.isInteger(value) ? Numbers.truncate(rounded) : (Object) rounded;
            }
            case "ceil", "floor" -> {
                double scale = Math.pow(10, places);
                double scaled = Numbers.real(value) * scale;
                yield (method.equals("ceil") ? Math.ceil(scaled) : Math.floor(scaled)) / scale;
            }
            default -> throw run.error("filter round: method='" + method + "', allowed: common, ceil, floor");
        };
    }

    private static Object sum(Run run, Object value, Object[] args) {
        List<Object> items = Py.elements(run, value);
        Object sum = Args.given(args[1]) ? args[1] : (Object) 0L;
        boolean by = Args.given(args[0]) && args[0] != null;
        for (Object item : items) {
            Object term = by ? ListFilters.attribute(run, item, args[0]) : item;
            boolean numbers = Numbers.isNumber(sum) && Numbers.isNumber(term);
            run.step();
            sum = numbers ? Numbers.apply(run, Operator.ADD, sum, term) : Sequences.add(run, sum, term);
        }
        return sum;
    }
}
