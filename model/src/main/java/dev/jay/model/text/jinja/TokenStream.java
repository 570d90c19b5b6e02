// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The tokens being parsed, and how deep the parser stands in them. */
final class TokenStream {
    private final List<Token> tokens;
    private final Limits limits;
    private int at;
    private int depth;
    /** Which of the arguments a macro may ask for the macro being read has named. */
    private Set<String> macroUses = new HashSet<>();

    TokenStream(List<Token> tokens, Limits limits) {
        this.tokens = tokens;
        this.limits = limits;
    }

    Token peek() {
        return tokens.get(at);
    }

    Token peekNext() {
        return tokens.get(Math.min(at + 1, tokens.size() - 1));
    }

    int line() {
        return peek().line();
    }

    Token next() {
        Token token = peek();
        if (at < tokens.size() - 1) at++;
        return token;
    }

    boolean isOperator(String operator) {
        return peek().isOperator(operator);
    }

    boolean isName(String name) {
        return peek().isName(name);
    }

    boolean skipOperator(String operator) {
        if (!isOperator(operator)) return false;
        next();
        return true;
    }

    boolean skipName(String name) {
        if (!isName(name)) return false;
        next();
        return true;
    }

    void expectOperator(String operator) {
        if (!skipOperator(operator)) throw expected("'" + operator + "'");
    }

    void expectName(String name) {
        if (!skipName(name)) throw expected("'" + name + "'");
    }

    Token expect(Token.Kind kind, String what) {
        if (peek().kind() != kind) throw expected(what);
        return next();
    }

    /** Counts one more construct around or, in a chain of operators, in front of what is read next. */
    void enter() {
        if (++depth > limits.nesting()) {
            throw new TemplateException(
                    TemplateException.Cause.LIMIT,
                    line(),
                    "parsing: nested constructs=" + depth + ", allowed<=" + limits.nesting());
        }
    }

    void leave(int count) {
        depth -= count;
    }

    int depth() {
        return depth;
    }

    void usesName(String name) {
        if (name.equals("caller") || name.equals("varargs") || name.equals("kwargs")) macroUses.add(name);
    }

    /** Begins the body of a macro; what it answers is to be given to {@link #endMacro}. */
    Set<String> beginMacro() {
        Set<String> outer = macroUses;
        macroUses = new HashSet<>();
        return outer;
    }

    Set<String> endMacro(Set<String> outer) {
        Set<String> uses = macroUses;
        macroUses = outer;
        return Set.copyOf(uses);
    }

    TemplateException expected(String what) {
        return error("expected " + what + ", got " + peek().describe());
    }

    TemplateException error(String what) {
        return new TemplateException(TemplateException.Cause.SYNTAX, line(), what);
    }
}
