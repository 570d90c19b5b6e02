// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import dev.jay.model.text.jinja.Expr.Operator;
import dev.jay.model.text.jinja.Values.Callable;
import dev.jay.model.text.jinja.Values.Tuple;
import dev.jay.model.text.jinja.Values.Undefined;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The value of an expression. */
final class Evaluator {
    private final Run run;

    Evaluator(Run run) {
        this.run = run;
    }

    Object value(Expr expr, Scope scope) {
        run.enter("evaluating");
        run.line = expr.line();
        Object value = switch (expr) {
            case Expr.Constant constant -> constant.value();
            case Expr.Name name -> scope.get(name.name());
            case Expr.Attribute attribute ->
                at(attribute, Access.attribute(run, value(attribute.of(), scope), attribute.name()));
            case Expr.Item item -> item(item, scope);
            case Expr.Slice slice -> slice(slice, scope);
            case Expr.Call call -> call(call, scope, null);
            case Expr.Filtered filtered -> filtered(filtered, scope);
            case Expr.Tested tested -> tested(tested, scope);
            case Expr.Binary binary -> binary(binary, scope);
            case Expr.Unary unary -> unary(unary, scope);
            case Expr.Concat concat -> concat(concat, scope);
            case Expr.And and -> {
                Object left = value(and.left(), scope);
                yield Py.truth(left) ? value(and.right(), scope) : left;
            }
            case Expr.Or or -> {
                Object left = value(or.left(), scope);
                yield Py.truth(left) ? left : value(or.right(), scope);
            }
            case Expr.Compare compare -> compare(compare, scope);
            case Expr.Conditional conditional -> conditional(conditional, scope);
            case Expr.ListOf list -> values(list.items(), scope);
            case Expr.TupleOf tuple -> new Tuple(values(tuple.items(), scope));
            case Expr.DictOf dict -> dict(dict, scope);
        };
        run.leave();
        return value;
    }

    /** Brings errors back to the line of {@code expr} after its parts were evaluated; answers the value. */
    private Object at(Expr expr, Object value) {
        run.line = expr.line();
        return value;
    }

    private List<Object> values(List<Expr> exprs, Scope scope) {
        run.makeItems("making a list", exprs.size());
        List<Object> values = new ArrayList<>(exprs.size());
        for (Expr expr : exprs) values.add(value(expr, scope));
        return values;
    }

    private Object dict(Expr.DictOf dict, Scope scope) {
        run.makeItems("making a dict", dict.keys().size() * 2L);
        Map<Object, Object> values = new LinkedHashMap<>();
        for (int i = 0; i < dict.keys().size(); i++) {
            Object key = Py.key(run, value(dict.keys().get(i), scope));
            values.put(key, value(dict.values().get(i), scope));
        }
        return values;
    }

    private Object item(Expr.Item item, Scope scope) {
        Object of = value(item.of(), scope);
        Object key = value(item.key(), scope);
        run.line = item.line();
        return Access.item(run, of, key);
    }

    private Object slice(Expr.Slice slice, Scope scope) {
        Object of = value(slice.of(), scope);
        Object start = slice.start() == null ? null : value(slice.start(), scope);
        Object stop = slice.stop() == null ? null : value(slice.stop(), scope);
        Object step = slice.step() == null ? null : value(slice.step(), scope);
        run.line = slice.line();
        return Access.slice(run, of, start, stop, step);
    }

    private Object filtered(Expr.Filtered filtered, Scope scope) {
        Object of = value(filtered.of(), scope);
        return filter(filtered.filter(), of, scope);
    }

    Object filter(Expr.FilterCall call, Object of, Scope scope) {
        Args args = args(call.arguments(), scope, null);
        run.line = call.line();
        return Filters.apply(run, call.name(), of, args);
    }

    private Object tested(Expr.Tested tested, Scope scope) {
        Object of = value(tested.of(), scope);
        Args args = args(tested.arguments(), scope, null);
        run.line = tested.line();
        return Predicates.holds(run, tested.test(), of, args) != tested.negated();
    }

    private Object unary(Expr.Unary unary, Scope scope) {
        Object of = value(unary.of(), scope);
        run.line = unary.line();
        return switch (unary.sign()) {
            case NOT -> !Py.truth(of);
            case MINUS -> Numbers.negate(run, of);
            case PLUS -> Numbers.plus(run, of);
        };
    }

    private Object binary(Expr.Binary binary, Scope scope) {
        Object left = value(binary.left(), scope);
        Object right = value(binary.right(), scope);
        run.line = binary.line();
        Operator operator = binary.operator();
        if (Numbers.isNumber(left) && Numbers.isNumber(right)) return Numbers.apply(run, operator, left, right);
        return switch (operator) {
            case ADD -> {
                boolean leftMarked = isMarkup(binary.left());
                boolean rightMarked = isMarkup(binary.right());
                Object l = rightMarked && !leftMarked ? escaped(left) : left;
                Object r = leftMarked && !rightMarked ? escaped(right) : right;
                yield Sequences.add(run, l, r);
            }
            case MULTIPLY -> Sequences.multiply(run, left, right);
            case MODULO -> {
                if (left instanceof String format) yield Formats.percent(run, format, right);
                throw Sequences.undefinedBetween(run, "%", left, right);
            }
            default -> throw Sequences.undefinedBetween(run, operator.sign, left, right);
        };
    }

    /**
     * Whether an expression makes text that Python marks as safe for HTML: what is added to such text is escaped, though
     * nothing else is. Only what stands in one expression is seen; a variable does not carry the mark.
     */
    private static boolean isMarkup(Expr expr) {
        return switch (expr) {
            case Expr.Filtered filtered ->
                switch (filtered.filter().name()) {
                    case "safe", "escape", "e", "forceescape" -> true;
                    case "string" -> isMarkup(filtered.of());
                    default -> false;
                };
            case Expr.Binary binary ->
                binary.operator() == Operator.ADD && (isMarkup(binary.left()) || isMarkup(binary.right()));
            default -> false;
        };
    }

    private Object escaped(Object value) {
        return value instanceof String text ? TextFilters.escape(run, text) : value;
    }

    private Object concat(Expr.Concat concat, Scope scope) {
        Text text = Text.value(run, "joining with '~'");
        for (Expr part : concat.parts()) text.add(Py.text(run, value(part, scope)));
        run.line = concat.line();
        return text.made();
    }

    private Object compare(Expr.Compare compare, Scope scope) {
        Object left = value(compare.first(), scope);
        for (int i = 0; i < compare.relations().size(); i++) {
            Object right = value(compare.operands().get(i), scope);
            run.line = compare.line();
            if (!Order.relates(run, compare.relations().get(i), left, right)) return false;
            left = right;
        }
        return true;
    }

    private Object conditional(Expr.Conditional conditional, Scope scope) {
        if (Py.truth(value(conditional.test(), scope))) return value(conditional.then(), scope);
        if (conditional.otherwise() != null) return value(conditional.otherwise(), scope);
        return new Undefined("the inline if in line " + conditional.line() + " was false and has no else");
    }

    /** Calls; {@code caller} is what a call block hands over, or null. */
    Object call(Expr.Call call, Scope scope, Callable caller) {
        Object callee = value(call.callee(), scope);
        Args args = args(call.arguments(), scope, caller);
        run.line = call.line();
        return call(callee, args);
    }

    private Object call(Object callee, Args args) {
        if (callee instanceof Callable callable) return callable.call(run, args);
        Py.defined(run, callee);
        throw run.error("cannot call " + Py.describe(callee));
    }

    private Args args(Expr.Arguments given, Scope scope, Callable caller) {
        if (given == Expr.Arguments.NONE && caller == null) return Args.NONE;
        List<Object> positional = new ArrayList<>();
        for (Expr expr : given.positional()) positional.add(value(expr, scope));
        Map<String, Object> named = new HashMap<>();
        for (int i = 0; i < given.names().size(); i++) {
            named.put(given.names().get(i), value(given.values().get(i), scope));
        }
        if (caller != null) named.put("caller", caller);
        if (given.star() != null) {
            List<Object> more = Py.elements(run, value(given.star(), scope));
            run.makeItems("passing '*' arguments", more.size());
            positional.addAll(more);
        }
        if (given.doubleStar() != null) {
            Object more = value(given.doubleStar(), scope);
            if (!(more instanceof Map<?, ?> map)) throw run.error("'**' needs a dict, got " + Py.describe(more));
            run.makeItems("passing '**' arguments", map.size());
            map.forEach((key, value) -> named.put(Py.text(run, key), value));
        }
        return new Args(positional, named);
    }
}
