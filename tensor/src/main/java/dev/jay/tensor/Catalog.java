// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * The named members of one open set of strategies. Being listed in a catalog is what makes a strategy reachable by
 * configuration, documented by {@code --help}, held to its laws and benchmarked.
 */
public final class Catalog<T> {
    /** One member: how it is named, what it is in one line, and how it is made. */
    public record Entry<T>(String name, String summary, Function<Args, ? extends T> make) {}

    private final String kind;
    private final Map<String, Entry<? extends T>> entries = new LinkedHashMap<>();

    private Catalog(String kind) {
        this.kind = kind;
    }

    @SafeVarargs
    public static <T> Catalog<T> of(String kind, Entry<? extends T>... entries) {
        Catalog<T> catalog = new Catalog<>(kind);
        for (Entry<? extends T> e : entries) {
            if (catalog.entries.put(e.name(), e) != null) {
                throw new IllegalStateException(kind + " listed twice: name=" + e.name());
            }
        }
        return catalog;
    }

    /** Makes a member from text such as {@code window(budget=64,sinks=4)}. */
    public T make(String text) {
        int open = text.indexOf('(');
        if (open >= 0 && !text.endsWith(")")) {
            throw new IllegalArgumentException(kind + ": missing ')' in '" + text + "'");
        }
        String name = open < 0 ? text : text.substring(0, open);
        Entry<? extends T> entry = entries.get(name);
        if (entry == null) {
            throw new IllegalArgumentException("unknown " + kind + ": name=" + name + ", known=" + entries.keySet());
        }
        Args args = new Args(kind + " " + name, open < 0 ? "" : text.substring(open + 1, text.length() - 1));
        T made = entry.make().apply(args);
        args.rejectUnread();
        return made;
    }

    public boolean has(String name) {
        return entries.containsKey(name);
    }

    public Set<String> names() {
        return Collections.unmodifiableSet(entries.keySet());
    }

    public Collection<Entry<? extends T>> entries() {
        return Collections.unmodifiableCollection(entries.values());
    }

    public String kind() {
        return kind;
    }
}
