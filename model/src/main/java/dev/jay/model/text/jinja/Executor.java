// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import dev.jay.model.text.jinja.Stmt.Target;
import dev.jay.model.text.jinja.Values.Namespace;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Runs statements, writing to an output. */
final class Executor {
    /** How a statement ended. */
    enum Signal {
        DONE,
        BREAK,
        CONTINUE
    }

    private final Run run;
    private final Evaluator evaluator;

    Executor(Run run) {
        this.run = run;
        this.evaluator = new Evaluator(run);
    }

    Signal all(List<Stmt> statements, Scope scope, Text out) {
        for (Stmt statement : statements) {
            Signal signal = one(statement, scope, out);
            if (signal != Signal.DONE) return signal;
        }
        return Signal.DONE;
    }

    private Signal one(Stmt statement, Scope scope, Text out) {
        run.enter("rendering");
        run.line = statement.line();
        Signal signal = Signal.DONE;
        switch (statement) {
            case Stmt.Text text -> out.add(text.text());
            case Stmt.Output output -> out.add(Py.text(run, evaluator.value(output.of(), scope)));
            case Stmt.If choice -> signal = choose(choice, scope, out);
            case Stmt.For loop -> loop(loop, scope, out);
            case Stmt.Break end -> signal = Signal.BREAK;
            case Stmt.Continue next -> signal = Signal.CONTINUE;
            case Stmt.Set set -> assign(set.target(), evaluator.value(set.value(), scope), scope);
            case Stmt.SetBlock set -> {
                Text inner = Text.value(run, "rendering a set block");
                signal = all(set.body(), new Scope(scope), inner);
                assign(set.target(), filtered(set.filters(), inner.made(), scope), scope);
            }
            case Stmt.With with -> signal = with(with, scope, out);
            case Stmt.FilterBlock block -> {
                Text inner = Text.value(run, "rendering a filter block");
                signal = all(block.body(), new Scope(scope), inner);
                out.add(Py.text(run, filtered(block.filters(), inner.made(), scope)));
            }
            case Stmt.Scoped scoped -> signal = all(scoped.body(), new Scope(scope), out);
            case Stmt.DefineMacro macro ->
                scope.set(macro.code().name(), new Macro(macro.code(), scope, this, evaluator));
            case Stmt.CallBlock block -> {
                Macro caller = new Macro(block.caller(), scope, this, evaluator);
                out.add(Py.text(run, evaluator.call(block.call(), scope, caller)));
            }
        }
        run.leave();
        return signal;
    }

    private Signal choose(Stmt.If choice, Scope scope, Text out) {
        for (int i = 0; i < choice.tests().size(); i++) {
            if (Py.truth(evaluator.value(choice.tests().get(i), scope))) {
                return all(choice.bodies().get(i), scope, out);
            }
        }
        return all(choice.otherwise(), scope, out);
    }

    private Signal with(Stmt.With with, Scope scope, Text out) {
        Scope inner = new Scope(scope);
        for (int i = 0; i < with.targets().size(); i++) {
            assign(with.targets().get(i), evaluator.value(with.values().get(i), scope), inner);
        }
        return all(with.body(), inner, out);
    }

    private Object filtered(List<Expr.FilterCall> filters, Object text, Scope scope) {
        Object value = text;
        for (Expr.FilterCall filter : filters) value = evaluator.filter(filter, value, scope);
        return value;
    }

    private void loop(Stmt.For loop, Scope scope, Text out) {
        iterate(loop, evaluator.value(loop.over(), scope), scope, out, 0);
    }

    private void iterate(Stmt.For loop, Object over, Scope scope, Text out, int depth) {
        run.line = loop.line();
        List<Object> items = Py.elements(run, over);
        if (loop.filter() != null) items = chosen(loop, items, scope);
        Values.Function again = loop.recursive() ? again(loop, scope, depth) : null;
        Loop state = new Loop(items, depth, again);
        int index = 0;
        for (Object item : items) {
            run.step();
            state.at(index++);
            Scope inner = new Scope(scope);
            inner.set("loop", state);
            run.line = loop.line();
            assign(loop.target(), item, inner);
            if (all(loop.body(), inner, out) == Signal.BREAK) break;
        }
        if (items.isEmpty()) all(loop.otherwise(), new Scope(scope), out);
    }

    private List<Object> chosen(Stmt.For loop, List<Object> items, Scope scope) {
        run.makeItems("filtering a loop", items.size());
        List<Object> chosen = new ArrayList<>();
        for (Object item : items) {
            Scope inner = new Scope(scope);
            assign(loop.target(), item, inner);
            if (Py.truth(evaluator.value(loop.filter(), inner))) chosen.add(item);
        }
        return chosen;
    }

    private Values.Function again(Stmt.For loop, Scope scope, int depth) {
        return new Values.Function("loop", (same, args) -> {
            Object over = args.bind(run, "loop", 1, "iterable")[0];
            run.enter("running a recursive loop");
            Text inner = Text.value(run, "running a recursive loop");
            iterate(loop, over, scope, inner, depth + 1);
            run.leave();
            return inner.made();
        });
    }

    private void assign(Target target, Object value, Scope scope) {
        switch (target) {
            case Target.Variable variable -> scope.set(variable.name(), value);
            case Target.Member member -> {
                if (!(scope.get(member.namespace()) instanceof Namespace namespace)) {
                    throw run.error("setting " + member.namespace() + "." + member.name()
                            + ": only a namespace has attributes that can be set, got "
                            + Py.describe(scope.get(member.namespace())));
                }
                Map<String, Object> attributes = namespace.attributes;
                if (!attributes.containsKey(member.name())) run.makeItems("setting an attribute", 2);
                attributes.put(member.name(), value);
            }
            case Target.Unpacked unpacked -> {
                List<Object> parts = Py.elements(run, value);
                List<Target> targets = unpacked.targets();
                if (parts.size() != targets.size()) {
                    throw run.error("unpacking " + Py.describe(value) + ": elements=" + parts.size() + ", expected="
                            + targets.size());
                }
                for (int i = 0; i < targets.size(); i++) assign(targets.get(i), parts.get(i), scope);
            }
        }
    }
}
