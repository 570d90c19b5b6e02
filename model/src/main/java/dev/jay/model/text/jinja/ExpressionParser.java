// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import dev.jay.model.text.jinja.Expr.Operator;
import dev.jay.model.text.jinja.Expr.Relation;
import java.util.ArrayList;
import java.util.List;

/** Expressions, from the loosest binding ({@code a if b else c}) to the tightest (a name). */
final class ExpressionParser {
    private final TokenStream tokens;

    ExpressionParser(TokenStream tokens) {
        this.tokens = tokens;
    }

    Expr expression() {
        tokens.enter();
        int before = tokens.depth();
        int line = tokens.line();
        Expr left = or();
        while (tokens.skipName("if")) {
            tokens.enter();
            Expr test = or();
            Expr otherwise = tokens.skipName("else") ? expression() : null;
            left = new Expr.Conditional(line, test, left, otherwise);
        }
        tokens.leave(tokens.depth() - before + 1);
        return left;
    }

    /** An expression that is no {@code a if b else c}, unless in parentheses. */
    Expr unconditional() {
        return or();
    }

    /** An expression, or a tuple of several without parentheses around them. */
    Expr tuple() {
        int line = tokens.line();
        if (endsTuple()) throw tokens.expected("an expression");
        Expr first = expression();
        if (!tokens.isOperator(",")) return first;
        List<Expr> items = new ArrayList<>();
        items.add(first);
        while (tokens.skipOperator(",")) {
            if (endsTuple()) break;
            items.add(expression());
        }
        return new Expr.TupleOf(line, items);
    }

    private boolean endsTuple() {
        Token.Kind kind = tokens.peek().kind();
        return kind == Token.Kind.OUTPUT_END || kind == Token.Kind.BLOCK_END || tokens.isOperator(")");
    }

    private Expr or() {
        int before = tokens.depth();
        Expr left = and();
        while (tokens.isName("or")) {
            int line = tokens.next().line();
            tokens.enter();
            left = new Expr.Or(line, left, and());
        }
        tokens.leave(tokens.depth() - before);
        return left;
    }

    private Expr and() {
        int before = tokens.depth();
        Expr left = not();
        while (tokens.isName("and")) {
            int line = tokens.next().line();
            tokens.enter();
            left = new Expr.And(line, left, not());
        }
        tokens.leave(tokens.depth() - before);
        return left;
    }

    private Expr not() {
        if (!tokens.isName("not")) return compare();
        int line = tokens.next().line();
        tokens.enter();
        Expr of = not();
        tokens.leave(1);
        return new Expr.Unary(line, Expr.Sign.NOT, of);
    }

    private Expr compare() {
        int line = tokens.line();
        Expr first = sum();
        List<Relation> relations = new ArrayList<>();
        List<Expr> operands = new ArrayList<>();
        for (Relation relation = relation(); relation != null; relation = relation()) {
            relations.add(relation);
            operands.add(sum());
        }
        return relations.isEmpty() ? first : new Expr.Compare(line, first, relations, operands);
    }

    private Relation relation() {
        if (tokens.skipName("in")) return Relation.IN;
        if (tokens.isName("not") && tokens.peekNext().isName("in")) {
            tokens.next();
            tokens.next();
            return Relation.NOT_IN;
        }
        if (tokens.peek().kind() != Token.Kind.OPERATOR) return null;
        Relation relation = switch (tokens.peek().text()) {
            case "==" -> Relation.EQUAL;
            case "!=" -> Relation.NOT_EQUAL;
            case "<" -> Relation.LESS;
            case "<=" -> Relation.LESS_OR_EQUAL;
            case ">" -> Relation.GREATER;
            case ">=" -> Relation.GREATER_OR_EQUAL;
            default -> null;
        };
        if (relation != null) tokens.next();
        return relation;
    }

    private Expr sum() {
        int before = tokens.depth();
        Expr left = concat();
        while (tokens.isOperator("+") || tokens.isOperator("-")) {
            Token sign = tokens.next();
            tokens.enter();
            Operator operator = sign.isOperator("+") ? Operator.ADD : Operator.SUBTRACT;
            left = new Expr.Binary(sign.line(), operator, left, concat());
        }
        tokens.leave(tokens.depth() - before);
        return left;
    }

    private Expr concat() {
        int line = tokens.line();
        Expr first = product();
        if (!tokens.isOperator("~")) return first;
        List<Expr> parts = new ArrayList<>();
        parts.add(first);
        while (tokens.skipOperator("~")) parts.add(product());
        return new Expr.Concat(line, parts);
    }

    private Expr product() {
        int before = tokens.depth();
        Expr left = power();
        for (Operator operator = productSign(); operator != null; operator = productSign()) {
            int line = tokens.next().line();
            tokens.enter();
            left = new Expr.Binary(line, operator, left, power());
        }
        tokens.leave(tokens.depth() - before);
        return left;
    }

    private Operator productSign() {
        if (tokens.peek().kind() != Token.Kind.OPERATOR) return null;
        return switch (tokens.peek().text()) {
            case "*" -> Operator.MULTIPLY;
            case "/" -> Operator.DIVIDE;
            case "//" -> Operator.FLOOR_DIVIDE;
            case "%" -> Operator.MODULO;
            default -> null;
        };
    }

    private Expr power() {
        int before = tokens.depth();
        Expr left = unary(true);
        while (tokens.isOperator("**")) {
            int line = tokens.next().line();
            tokens.enter();
            left = new Expr.Binary(line, Operator.POWER, left, unary(true));
        }
        tokens.leave(tokens.depth() - before);
        return left;
    }

    /** A sign binds tighter than a filter: {@code -1|abs} is 1. */
    private Expr unary(boolean withFilters) {
        int before = tokens.depth();
        int line = tokens.line();
        Expr node;
        if (tokens.isOperator("-") || tokens.isOperator("+")) {
            Expr.Sign sign = tokens.next().isOperator("-") ? Expr.Sign.MINUS : Expr.Sign.PLUS;
            tokens.enter();
            node = new Expr.Unary(line, sign, unary(false));
        } else {
            node = primary();
        }
        node = postfix(node);
        if (withFilters) node = filters(node);
        tokens.leave(tokens.depth() - before);
        return node;
    }

    private Expr primary() {
        Token token = tokens.peek();
        switch (token.kind()) {
            case NAME -> {
                tokens.next();
                return name(token);
            }
            case STRING -> {
                tokens.next();
                StringBuilder text = new StringBuilder((String) token.value());
                while (tokens.peek().kind() == Token.Kind.STRING)
                    text.append(tokens.next().value());
                return new Expr.Constant(token.line(), text.toString());
            }
            case INTEGER, FLOAT -> {
                tokens.next();
                return new Expr.Constant(token.line(), token.value());
            }
            default -> {
                if (tokens.skipOperator("(")) return parenthesized(token.line());
                if (tokens.skipOperator("[")) return new Expr.ListOf(token.line(), items("]"));
                if (tokens.skipOperator("{")) return dict(token.line());
                throw tokens.expected("an expression");
            }
        }
    }

    private Expr name(Token token) {
        return switch (token.text()) {
            case "true", "True" -> new Expr.Constant(token.line(), true);
            case "false", "False" -> new Expr.Constant(token.line(), false);
            case "none", "None" -> new Expr.Constant(token.line(), null);
            default -> {
                tokens.usesName(token.text());
                yield new Expr.Name(token.line(), token.text());
            }
        };
    }

    private Expr parenthesized(int line) {
        if (tokens.skipOperator(")")) return new Expr.TupleOf(line, List.of());
        Expr inner = tuple();
        tokens.expectOperator(")");
        return inner;
    }

    private List<Expr> items(String close) {
        List<Expr> items = new ArrayList<>();
        while (!tokens.skipOperator(close)) {
            if (!items.isEmpty()) {
                tokens.expectOperator(",");
                if (tokens.skipOperator(close)) break;
            }
            items.add(expression());
        }
        return items;
    }

    private Expr dict(int line) {
        List<Expr> keys = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        while (!tokens.skipOperator("}")) {
            if (!keys.isEmpty()) {
                tokens.expectOperator(",");
                if (tokens.skipOperator("}")) break;
            }
            keys.add(expression());
            tokens.expectOperator(":");
            values.add(expression());
        }
        return new Expr.DictOf(line, keys, values);
    }

    private Expr postfix(Expr of) {
        Expr node = of;
        while (true) {
            if (tokens.isOperator(".") || tokens.isOperator("[")) {
                tokens.enter();
                node = subscript(node);
            } else if (tokens.isOperator("(")) {
                tokens.enter();
                node = new Expr.Call(tokens.line(), node, arguments());
            } else {
                return node;
            }
        }
    }

    private Expr subscript(Expr of) {
        int line = tokens.line();
        if (tokens.skipOperator(".")) {
            Token key = tokens.next();
            if (key.kind() == Token.Kind.NAME) return new Expr.Attribute(line, of, key.text());
            if (key.kind() == Token.Kind.INTEGER) {
                return new Expr.Item(line, of, new Expr.Constant(key.line(), key.value()));
            }
            throw tokens.error("expected a name or number behind '.', got " + key.describe());
        }
        tokens.expectOperator("[");
        Expr start = tokens.isOperator(":") ? null : expression();
        if (!tokens.isOperator(":")) {
            tokens.expectOperator("]");
            return new Expr.Item(line, of, start);
        }
        tokens.next();
        Expr stop = tokens.isOperator(":") || tokens.isOperator("]") ? null : expression();
        Expr step = null;
        if (tokens.skipOperator(":") && !tokens.isOperator("]")) step = expression();
        tokens.expectOperator("]");
        return new Expr.Slice(line, of, start, stop, step);
    }

    private Expr filters(Expr of) {
        Expr node = of;
        while (true) {
            if (tokens.isOperator("|")) {
                tokens.enter();
                tokens.next();
                node = new Expr.Filtered(node, filter());
            } else if (tokens.isName("is")) {
                tokens.enter();
                node = test(node);
            } else if (tokens.isOperator("(")) {
                tokens.enter();
                node = new Expr.Call(tokens.line(), node, arguments());
            } else {
                return node;
            }
        }
    }

    /** The name and arguments of a filter, the '|' already read. */
    Expr.FilterCall filter() {
        Token name = tokens.expect(Token.Kind.NAME, "the name of a filter");
        Expr.Arguments arguments = tokens.isOperator("(") ? arguments() : Expr.Arguments.NONE;
        return new Expr.FilterCall(name.line(), name.text(), arguments);
    }

    private Expr test(Expr of) {
        int line = tokens.next().line();
        boolean negated = tokens.skipName("not");
        String name = tokens.expect(Token.Kind.NAME, "the name of a test").text();
        Expr.Arguments arguments = Expr.Arguments.NONE;
        if (tokens.isOperator("(")) {
            arguments = arguments();
        } else if (beginsTestArgument()) {
            if (tokens.isName("is"))
                throw tokens.error("expected an argument of the test, got 'is': tests do not chain");
            arguments = new Expr.Arguments(List.of(postfix(primary())), List.of(), List.of(), null, null);
        }
        return new Expr.Tested(line, of, name, arguments, negated);
    }

    private boolean beginsTestArgument() {
        return switch (tokens.peek().kind()) {
            case NAME -> !tokens.isName("else") && !tokens.isName("or") && !tokens.isName("and");
            case STRING, INTEGER, FLOAT -> true;
            case OPERATOR -> tokens.isOperator("[") || tokens.isOperator("{");
            default -> false;
        };
    }

    Expr.Arguments arguments() {
        return new ArgumentParser(tokens, this).arguments();
    }
}
