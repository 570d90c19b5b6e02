// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A compiled template: what transformers' Jinja environment makes of the source ({@code trim_blocks},
 * {@code lstrip_blocks}, loop controls, immutable sandbox). Immutable and thread-safe. Knows nothing of chats.
 */
public final class Template {
    private static final int CONTEXT_DEPTH = 200;

    private final List<Stmt> statements;
    private final Limits limits;

    private Template(List<Stmt> statements, Limits limits) {
        this.statements = statements;
        this.limits = limits;
    }

    /** @throws TemplateException naming the line and what was expected */
    public static Template compile(String source, Limits limits) {
        try {
            return new Template(StatementParser.parse(source, limits), limits);
        } catch (StackOverflowError small) {
            throw stackOver(0);
        }
    }

    /**
     * @param context what the template's names stand for: Map (with keys that are strings, numbers, booleans or null),
     *                List, String, Number, Boolean or null, nested up to 200; only read
     * @throws TemplateException where the template refuses the context, does what is not defined or passes a limit
     */
    public String render(Map<String, ?> context, Clock clock) {
        Run run = new Run(limits, clock);
        try {
            Scope scope = new Scope(null);
            Globals.define(scope);
            context.forEach((name, value) -> scope.set(name, convert(value, name, 0)));
            Text out = Text.output(run);
            new Executor(run).all(statements, new Scope(scope), out);
            return out.rendered();
        } catch (StackOverflowError small) {
            throw stackOver(run.line);
        }
    }

    /** The limits leave a thread of the usual stack far from its end; a smaller one is no reason to lose the caller. */
    private static TemplateException stackOver(int line) {
        return new TemplateException(
                TemplateException.Cause.LIMIT, line, "the thread's stack is too small for how deep this is nested");
    }

    private static Object convert(Object value, String name, int depth) {
        if (depth > CONTEXT_DEPTH) {
            String what = "context '" + name + "': nested deeper than " + CONTEXT_DEPTH;
            throw new TemplateException(TemplateException.Cause.LIMIT, 0, what);
        }
        return switch (value) {
            case null -> null;
            case String s -> s;
            case Boolean b -> b;
            case Double d -> d;
            case Long l -> l;
            case Integer i -> i.longValue();
            case Short s -> s.longValue();
            case Byte b -> b.longValue();
            case Float f -> Double.valueOf(f.toString());
            case java.math.BigInteger b -> Numbers.normal(b);
            case java.math.BigDecimal d -> d.doubleValue();
            case List<?> list -> {
                List<Object> items = new ArrayList<>(list.size());
                for (Object item : list) items.add(convert(item, name, depth + 1));
                yield items;
            }
            case Map<?, ?> map -> {
                Map<Object, Object> entries = new LinkedHashMap<>();
                map.forEach((key, item) -> entries.put(key(key, name), convert(item, name, depth + 1)));
                yield entries;
            }
            default -> throw unknown(value, name);
        };
    }

    private static Object key(Object key, String name) {
        if (key instanceof Map<?, ?> || key instanceof List<?>) throw unknown(key, name);
        return convert(key, name, 0);
    }

    private static TemplateException unknown(Object value, String name) {
        String what = "context '" + name + "': class=" + value.getClass().getName()
                + ", allowed: Map, List, String, Number, Boolean, null";
        return new TemplateException(TemplateException.Cause.EVALUATION, 0, what);
    }
}
