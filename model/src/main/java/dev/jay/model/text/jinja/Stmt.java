// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import java.util.List;

/** What a template does. The set is closed: the evaluator answers for every kind. */
sealed interface Stmt {
    int line();

    record Text(int line, String text) implements Stmt {}

    record Output(int line, Expr of) implements Stmt {}

    /** bodies[i] runs where tests[i] is the first that holds; otherwise runs where none does. */
    record If(int line, List<Expr> tests, List<List<Stmt>> bodies, List<Stmt> otherwise) implements Stmt {}

    /** filter may be null; otherwise runs where there was nothing to run over. */
    record For(
            int line, Target target, Expr over, Expr filter, List<Stmt> body, List<Stmt> otherwise, boolean recursive)
            implements Stmt {}

    record Break(int line) implements Stmt {}

    record Continue(int line) implements Stmt {}

    record Set(int line, Target target, Expr value) implements Stmt {}

    record SetBlock(int line, Target target, List<Expr.FilterCall> filters, List<Stmt> body) implements Stmt {}

    record With(int line, List<Target> targets, List<Expr> values, List<Stmt> body) implements Stmt {}

    record FilterBlock(int line, List<Expr.FilterCall> filters, List<Stmt> body) implements Stmt {}

    /** {@code generation}: rendered as if the tag were not there, but with names of its own. */
    record Scoped(int line, List<Stmt> body) implements Stmt {}

    record DefineMacro(int line, MacroCode code) implements Stmt {}

    /** Calls a macro that may call the body back as {@code caller}. */
    record CallBlock(int line, Expr.Call call, MacroCode caller) implements Stmt {}

    /**
     * The last defaults.size() parameters have defaults.
     *
     * @param uses which of varargs, kwargs and caller the body reads: only then are such arguments taken
     */
    record MacroCode(
            int line,
            String name,
            List<String> parameters,
            List<Expr> defaults,
            List<Stmt> body,
            java.util.Set<String> uses) {}

    /** What can stand left of '='. */
    sealed interface Target {
        record Variable(String name) implements Target {}

        /** An attribute of a namespace. */
        record Member(String namespace, String name) implements Target {}

        record Unpacked(List<Target> targets) implements Target {}
    }
}
