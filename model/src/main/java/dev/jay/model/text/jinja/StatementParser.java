// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import dev.jay.model.text.jinja.Stmt.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Text, outputs and blocks. */
final class StatementParser {
    private final TokenStream tokens;
    private final ExpressionParser expressions;
    /** Loops around what is being read, in the macro being read: where break and continue may stand. */
    private int loops;

    private StatementParser(TokenStream tokens) {
        this.tokens = tokens;
        this.expressions = new ExpressionParser(tokens);
    }

    static List<Stmt> parse(String source, Limits limits) {
        StatementParser parser = new StatementParser(new TokenStream(Lexer.tokens(source, limits), limits));
        List<Stmt> all = new ArrayList<>();
        parser.until(all, 0);
        return all;
    }

    /** Statements up to a block with one of these names; its begin and name are consumed and the name answered. */
    private String until(List<Stmt> into, int openLine, String... ends) {
        tokens.enter();
        while (true) {
            Token token = tokens.next();
            switch (token.kind()) {
                case TEXT -> into.add(new Stmt.Text(token.line(), token.text()));
                case OUTPUT_BEGIN -> {
                    into.add(new Stmt.Output(token.line(), expressions.tuple()));
                    tokens.expect(Token.Kind.OUTPUT_END, "'}}'");
                }
                case BLOCK_BEGIN -> {
                    Token name = tokens.expect(Token.Kind.NAME, "the name of a block");
                    if (List.of(ends).contains(name.text())) {
                        tokens.leave(1);
                        return name.text();
                    }
                    into.add(statement(name, ends));
                }
                case END -> {
                    if (ends.length == 0) return "";
                    throw tokens.error("expected '{% " + ends[ends.length - 1] + " %}' for the block opened in line "
                            + openLine + ", got end of template");
                }
                default -> throw tokens.error("expected text, '{{' or '{%', got " + token.describe());
            }
        }
    }

    private List<Stmt> body(int openLine, String end) {
        List<Stmt> body = new ArrayList<>();
        endBlock();
        until(body, openLine, end);
        endBlock();
        return body;
    }

    private void endBlock() {
        tokens.expect(Token.Kind.BLOCK_END, "'%}'");
    }

    private Stmt statement(Token tag, String[] ends) {
        int line = tag.line();
        return switch (tag.text()) {
            case "if" -> ifBlock(line);
            case "for" -> forBlock(line);
            case "set" -> set(line);
            case "macro" -> macro(line);
            case "call" -> call(line);
            case "with" -> with(line);
            case "filter" -> {
                List<Expr.FilterCall> filters = new ArrayList<>();
                do filters.add(expressions.filter());
                while (tokens.skipOperator("|"));
                yield new Stmt.FilterBlock(line, filters, body(line, "endfilter"));
            }
            case "generation" -> {
                int outer = loops;
                loops = 0;
                List<Stmt> body = body(line, "endgeneration");
                loops = outer;
                yield new Stmt.Scoped(line, body);
            }
            case "break", "continue" -> {
                if (loops == 0) throw tokens.error("'" + tag.text() + "' stands in no loop");
                endBlock();
                yield tag.isName("break") ? new Stmt.Break(line) : new Stmt.Continue(line);
            }
            default -> {
                String expected = ends.length == 0 ? "" : " or " + String.join(", ", ends);
                throw tokens.error("unknown block '" + tag.text() + "', expected one of if, for, set, macro, call, "
                        + "with, filter, generation, break, continue, raw" + expected);
            }
        };
    }

    private Stmt ifBlock(int line) {
        List<Expr> tests = new ArrayList<>();
        List<List<Stmt>> bodies = new ArrayList<>();
        List<Stmt> otherwise = new ArrayList<>();
        String end = "elif";
        while (end.equals("elif")) {
            tests.add(expressions.tuple());
            endBlock();
            List<Stmt> body = new ArrayList<>();
            end = until(body, line, "elif", "else", "endif");
            bodies.add(body);
        }
        if (end.equals("else")) {
            endBlock();
            until(otherwise, line, "endif");
        }
        endBlock();
        return new Stmt.If(line, tests, bodies, otherwise);
    }

    private Stmt forBlock(int line) {
        Target target = target(false);
        tokens.expectName("in");
        Expr over = iterable();
        Expr filter = tokens.skipName("if") ? expressions.expression() : null;
        boolean recursive = tokens.skipName("recursive");
        endBlock();
        List<Stmt> body = new ArrayList<>();
        List<Stmt> otherwise = new ArrayList<>();
        loops++;
        String end = until(body, line, "else", "endfor");
        loops--;
        if (end.equals("else")) {
            endBlock();
            until(otherwise, line, "endfor");
        }
        endBlock();
        return new Stmt.For(line, target, over, filter, body, otherwise, recursive);
    }

    /** What a loop runs over: no 'a if b else c' without parentheses, as 'if' begins the loop's filter. */
    private Expr iterable() {
        int line = tokens.line();
        Expr first = expressions.unconditional();
        if (!tokens.isOperator(",")) return first;
        List<Expr> items = new ArrayList<>();
        items.add(first);
        while (tokens.skipOperator(",")) {
            if (tokens.peek().kind() == Token.Kind.BLOCK_END || tokens.isName("if") || tokens.isName("recursive"))
                break;
            items.add(expressions.unconditional());
        }
        return new Expr.TupleOf(line, items);
    }

    private Target target(boolean withMembers) {
        Target first = singleTarget(withMembers);
        if (!tokens.isOperator(",")) return first;
        List<Target> targets = new ArrayList<>();
        targets.add(first);
        while (tokens.skipOperator(",")) {
            if (tokens.peek().kind() != Token.Kind.NAME && !tokens.isOperator("(") || tokens.isName("in")) break;
            targets.add(singleTarget(withMembers));
        }
        return new Target.Unpacked(targets);
    }

    private Target singleTarget(boolean withMembers) {
        tokens.enter();
        Target target;
        if (tokens.skipOperator("(")) {
            target = target(withMembers);
            tokens.expectOperator(")");
        } else {
            String name = variable();
            if (withMembers && tokens.skipOperator(".")) {
                target = new Target.Member(
                        name, tokens.expect(Token.Kind.NAME, "an attribute").text());
            } else {
                target = new Target.Variable(name);
            }
        }
        tokens.leave(1);
        return target;
    }

    private String variable() {
        Token name = tokens.expect(Token.Kind.NAME, "a variable");
        switch (name.text()) {
            case "true", "false", "none", "True", "False", "None" ->
                throw tokens.error("expected a variable, got constant '" + name.text() + "'");
            default -> {
                return name.text();
            }
        }
    }

    private Stmt set(int line) {
        Target target = target(true);
        if (tokens.skipOperator("=")) {
            Expr value = expressions.tuple();
            endBlock();
            return new Stmt.Set(line, target, value);
        }
        List<Expr.FilterCall> filters = new ArrayList<>();
        while (tokens.skipOperator("|")) filters.add(expressions.filter());
        return new Stmt.SetBlock(line, target, filters, body(line, "endset"));
    }

    private Stmt with(int line) {
        List<Target> targets = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        while (tokens.peek().kind() != Token.Kind.BLOCK_END) {
            if (!targets.isEmpty()) tokens.expectOperator(",");
            targets.add(singleTarget(false));
            tokens.expectOperator("=");
            values.add(expressions.expression());
        }
        return new Stmt.With(line, targets, values, body(line, "endwith"));
    }

    private Stmt macro(int line) {
        String name = variable();
        List<String> parameters = new ArrayList<>();
        List<Expr> defaults = new ArrayList<>();
        new ArgumentParser(tokens, expressions).signature(parameters, defaults);
        return new Stmt.DefineMacro(line, finishMacro(line, name, parameters, defaults, "endmacro"));
    }

    private Stmt call(int line) {
        List<String> parameters = new ArrayList<>();
        List<Expr> defaults = new ArrayList<>();
        if (tokens.isOperator("(")) new ArgumentParser(tokens, expressions).signature(parameters, defaults);
        Expr callee = expressions.expression();
        if (!(callee instanceof Expr.Call call)) throw tokens.error("expected a call behind 'call'");
        Stmt.MacroCode caller = finishMacro(line, "caller", parameters, defaults, "endcall");
        return new Stmt.CallBlock(line, call, caller);
    }

    private Stmt.MacroCode finishMacro(
            int line, String name, List<String> parameters, List<Expr> defaults, String end) {
        int outerLoops = loops;
        Set<String> outerUses = tokens.beginMacro();
        loops = 0;
        List<Stmt> body = body(line, end);
        loops = outerLoops;
        return new Stmt.MacroCode(line, name, parameters, defaults, body, tokens.endMacro(outerUses));
    }
}
