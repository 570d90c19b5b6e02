// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What stands in the parentheses of a call, a filter, a test or a macro's definition. */
final class ArgumentParser {
    private final TokenStream tokens;
    private final ExpressionParser expressions;

    ArgumentParser(TokenStream tokens, ExpressionParser expressions) {
        this.tokens = tokens;
        this.expressions = expressions;
    }

    /** {@code (a, b, name=c, *list, **dict)}. */
    Expr.Arguments arguments() {
        List<Expr> positional = new ArrayList<>();
        List<String> names = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        Expr star = null;
        Expr doubleStar = null;
        tokens.expectOperator("(");
        boolean first = true;
        while (!tokens.isOperator(")")) {
            if (!first) tokens.expectOperator(",");
            if (tokens.isOperator(")")) break;
            first = false;
            if (tokens.isOperator("*") && star == null && doubleStar == null) {
                tokens.next();
                star = expressions.expression();
            } else if (tokens.isOperator("**") && doubleStar == null) {
                tokens.next();
                doubleStar = expressions.expression();
            } else if (tokens.peek().kind() == Token.Kind.NAME
                    && tokens.peekNext().isOperator("=")) {
                if (doubleStar != null) throw tokens.error("expected ')': a named argument may not follow '**'");
                names.add(tokens.next().text());
                tokens.next();
                values.add(expressions.expression());
            } else {
                if (star != null || doubleStar != null || !names.isEmpty()) {
                    throw tokens.error("expected a named argument: positional ones go in front");
                }
                positional.add(expressions.expression());
            }
        }
        tokens.expectOperator(")");
        if (new HashSet<>(names).size() < names.size()) throw tokens.error("arguments named twice: names=" + names);
        return new Expr.Arguments(positional, names, values, star, doubleStar);
    }

    /** {@code (a, b=1)} of a definition; parameters and defaults are appended to the lists. */
    void signature(List<String> parameters, List<Expr> defaults) {
        Set<String> seen = new HashSet<>();
        tokens.expectOperator("(");
        while (!tokens.skipOperator(")")) {
            if (!parameters.isEmpty()) tokens.expectOperator(",");
            String name = tokens.expect(Token.Kind.NAME, "a parameter").text();
            if (!seen.add(name)) throw tokens.error("parameter named twice: name=" + name);
            parameters.add(name);
            if (tokens.skipOperator("=")) defaults.add(expressions.expression());
            else if (!defaults.isEmpty()) throw tokens.expected("'=': parameters behind one with a default need one");
        }
    }
}
