// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import java.util.List;

/** The variable {@code loop}; callable where the loop is recursive. */
final class Loop implements Values.Callable {
    private final List<Object> items;
    private final int depth;
    /** null where the loop is not recursive. */
    private final Values.Function again;

    private int index;
    private Object changed;

    Loop(List<Object> items, int depth, Values.Function again) {
        this.items = items;
        this.depth = depth;
        this.again = again;
    }

    void at(int place) {
        index = place;
    }

    int depth() {
        return depth;
    }

    Object attribute(String name) {
        return switch (name) {
            case "index" -> index + 1L;
            case "index0" -> (long) index;
            case "revindex" -> (long) items.size() - index;
            case "revindex0" -> items.size() - index - 1L;
            case "first" -> index == 0;
            case "last" -> index == items.size() - 1;
            case "length" -> (long) items.size();
            case "depth" -> depth + 1L;
            case "depth0" -> (long) depth;
            case "previtem" -> index == 0 ? new Values.Undefined("loop has no previous item") : items.get(index - 1);
            case "nextitem" ->
                index + 1 >= items.size() ? new Values.Undefined("loop has no next item") : items.get(index + 1);
            case "cycle" -> new Values.Function("loop.cycle", this::cycle);
            case "changed" -> new Values.Function("loop.changed", this::changed);
            default -> new Values.Undefined("loop has no attribute '" + name + "'");
        };
    }

    private Object cycle(Run run, Args args) {
        if (args.positional().isEmpty()) throw run.error("loop.cycle: no items to cycle through");
        return args.positional().get(index % args.positional().size());
    }

    private Object changed(Run run, Args args) {
        Object now = new Values.Tuple(args.positional());
        boolean same = changed != null && Order.equal(run, changed, now);
        changed = now;
        return !same;
    }

    @Override
    public Object call(Run run, Args args) {
        if (again == null) throw run.error("loop is not recursive: expected '{% for ... recursive %}'");
        return again.call(run, args);
    }

    @Override
    public String describe() {
        return "loop";
    }
}
