// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import java.util.List;

/** What a template computes with. The set is closed: the evaluator answers for every kind. */
sealed interface Expr {
    /** Where it stands in the template, from 1. */
    int line();

    record Constant(int line, Object value) implements Expr {}

    record Name(int line, String name) implements Expr {}

    record ListOf(int line, List<Expr> items) implements Expr {}

    record TupleOf(int line, List<Expr> items) implements Expr {}

    record DictOf(int line, List<Expr> keys, List<Expr> values) implements Expr {}

    enum Sign {
        PLUS,
        MINUS,
        NOT
    }

    record Unary(int line, Sign sign, Expr of) implements Expr {}

    enum Operator {
        ADD("+"),
        SUBTRACT("-"),
        MULTIPLY("*"),
        DIVIDE("/"),
        FLOOR_DIVIDE("//"),
        MODULO("%"),
        POWER("**");

        final String sign;

        Operator(String sign) {
            this.sign = sign;
        }
    }

    record Binary(int line, Operator operator, Expr left, Expr right) implements Expr {}

    /** {@code ~}: the parts as text, joined. */
    record Concat(int line, List<Expr> parts) implements Expr {}

    record And(int line, Expr left, Expr right) implements Expr {}

    record Or(int line, Expr left, Expr right) implements Expr {}

    enum Relation {
        EQUAL("=="),
        NOT_EQUAL("!="),
        LESS("<"),
        LESS_OR_EQUAL("<="),
        GREATER(">"),
        GREATER_OR_EQUAL(">="),
        IN("in"),
        NOT_IN("not in");

        final String sign;

        Relation(String sign) {
            this.sign = sign;
        }
    }

    /** {@code first relations[0] operands[0] relations[1] operands[1] ...}: all must hold. */
    record Compare(int line, Expr first, List<Relation> relations, List<Expr> operands) implements Expr {}

    /** {@code then if test else otherwise}; otherwise may be null. */
    record Conditional(int line, Expr test, Expr then, Expr otherwise) implements Expr {}

    record Attribute(int line, Expr of, String name) implements Expr {}

    record Item(int line, Expr of, Expr key) implements Expr {}

    /** Bounds and step may be null. */
    record Slice(int line, Expr of, Expr start, Expr stop, Expr step) implements Expr {}

    record Call(int line, Expr callee, Arguments arguments) implements Expr {}

    record Filtered(Expr of, FilterCall filter) implements Expr {
        @Override
        public int line() {
            return filter.line();
        }
    }

    record Tested(int line, Expr of, String test, Arguments arguments, boolean negated) implements Expr {}

    /** A filter and its arguments, without what it is applied to. */
    record FilterCall(int line, String name, Arguments arguments) {}

    /** names[i] = values[i]; star and doubleStar may be null. */
    record Arguments(List<Expr> positional, List<String> names, List<Expr> values, Expr star, Expr doubleStar) {
        static final Arguments NONE = new Arguments(List.of(), List.of(), List.of(), null, null);
    }
}
