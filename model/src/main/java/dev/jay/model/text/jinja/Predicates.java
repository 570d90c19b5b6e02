// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import dev.jay.model.text.jinja.Values.Callable;
import dev.jay.model.text.jinja.Values.Tuple;
import dev.jay.model.text.jinja.Values.Undefined;
import java.util.List;
import java.util.Map;

/** {@code value is test}. */
final class Predicates {
    private Predicates() {}

    static boolean holds(Run run, String test, Object value, Args args) {
        Expr.Relation relation = relation(test);
        if (relation != null) {
            return Order.relates(run, relation, value, args.bind(run, "test " + test, 1, "other")[0]);
        }
        switch (test) {
            case "sameas" -> {
                return same(value, args.bind(run, "test sameas", 1, "other")[0]);
            }
            case "divisibleby" -> {
                Object by = args.bind(run, "test divisibleby", 1, "num")[0];
                return !Py.truth(rest(run, value, by));
            }
            default -> {
                args.bind(run, "test " + test, 0);
                return is(run, test, value);
            }
        }
    }

    private static Expr.Relation relation(String test) {
        return switch (test) {
            case "eq", "equalto" -> Expr.Relation.EQUAL;
            case "ne" -> Expr.Relation.NOT_EQUAL;
            case "lt", "lessthan" -> Expr.Relation.LESS;
            case "le" -> Expr.Relation.LESS_OR_EQUAL;
            case "gt", "greaterthan" -> Expr.Relation.GREATER;
            case "ge" -> Expr.Relation.GREATER_OR_EQUAL;
            case "in" -> Expr.Relation.IN;
            default -> {
                for (Expr.Relation relation : Expr.Relation.values()) if (relation.sign.equals(test)) yield relation;
                yield null;
            }
        };
    }

    private static boolean same(Object a, Object b) {
        if (a instanceof Undefined && b instanceof Undefined) return true;
        return a == b || a != null && b != null && a.getClass() == b.getClass() && scalar(a) && a.equals(b);
    }

    private static boolean scalar(Object value) {
        return value instanceof String || Numbers.isNumber(value);
    }

    private static Object rest(Run run, Object value, Object by) {
        if (Numbers.isNumber(value) && Numbers.isNumber(by)) {
            return Numbers.apply(run, Expr.Operator.MODULO, value, by);
        }
        throw Sequences.undefinedBetween(run, "%", value, by);
    }

    private static boolean is(Run run, String test, Object value) {
        return switch (test) {
            case "defined" -> !(value instanceof Undefined);
            case "undefined" -> value instanceof Undefined;
            case "none" -> value == null;
            case "boolean" -> value instanceof Boolean;
            case "true" -> Boolean.TRUE.equals(value);
            case "false" -> Boolean.FALSE.equals(value);
            case "number" -> Numbers.isNumber(value);
            case "integer" -> Numbers.isInteger(value) && !(value instanceof Boolean);
            case "float" -> value instanceof Double;
            case "string" -> value instanceof String;
            case "mapping" -> value instanceof Map<?, ?>;
            case "iterable" -> Py.isIterable(value);
            case "sequence" ->
                value instanceof String
                        || value instanceof List<?>
                        || value instanceof Map<?, ?>
                        || value instanceof Tuple
                        || value instanceof Undefined;
            case "callable" -> value instanceof Callable;
            case "escaped" -> false;
            case "lower" -> Strings.is(Py.text(run, value), "islower");
            case "upper" -> Strings.is(Py.text(run, value), "isupper");
            case "even" -> !Py.truth(rest(run, value, 2L));
            case "odd" -> Py.truth(rest(run, value, 2L));
            default -> throw run.error("unknown test '" + test + "'");
        };
    }
}
