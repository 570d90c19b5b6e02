// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A macro, or the body of a call block, with the names around its definition. */
record Macro(Stmt.MacroCode code, Scope outer, Executor executor, Evaluator evaluator) implements Values.Callable {
    @Override
    public Object call(Run run, Args args) {
        run.enter("calling " + describe());
        Scope scope = new Scope(outer);
        List<String> parameters = code.parameters();
        Map<String, Object> named = new HashMap<>(args.named());
        int firstDefault = parameters.size() - code.defaults().size();
        for (int i = 0; i < parameters.size(); i++) {
            String name = parameters.get(i);
            boolean isNamed = named.containsKey(name);
            if (i < args.positional().size()) {
                if (isNamed) throw run.error(describe() + ": argument '" + name + "' given twice");
                scope.set(name, args.positional().get(i));
            } else if (isNamed) {
                scope.set(name, named.remove(name));
            } else if (i >= firstDefault) {
                scope.set(name, evaluator.value(code.defaults().get(i - firstDefault), scope));
            } else {
                scope.set(name, new Values.Undefined(describe() + " was called without argument '" + name + "'"));
            }
        }
        extras(run, args, named, scope);
        Text out = Text.value(run, "rendering " + describe());
        executor.all(code.body(), scope, out);
        run.leave();
        return out.made();
    }

    private void extras(Run run, Args args, Map<String, Object> named, Scope scope) {
        int count = code.parameters().size();
        int given = args.positional().size();
        if (code.uses().contains("varargs")) {
            List<Object> more = given > count ? args.positional().subList(count, given) : List.of();
            scope.set("varargs", new Values.Tuple(more));
        } else if (given > count) {
            throw run.error(describe() + ": arguments=" + given + ", allowed<=" + count);
        }
        if (code.uses().contains("caller") && !code.parameters().contains("caller")) {
            Object caller = named.remove("caller");
            scope.set(
                    "caller", caller != null ? caller : new Values.Undefined("no caller: not called by a call block"));
        }
        if (code.uses().contains("kwargs")) {
            scope.set("kwargs", new LinkedHashMap<Object, Object>(named));
        } else if (!named.isEmpty()) {
            throw run.error(describe() + ": unknown arguments " + named.keySet() + ", known=" + code.parameters());
        }
    }

    @Override
    public String describe() {
        return "macro '" + code.name() + "'";
    }
}
