// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The arguments of a call, evaluated. */
record Args(List<Object> positional, Map<String, Object> named) {
    static final Args NONE = new Args(List.of(), Map.of());

    /** Stands in the answer of {@link #bind} for an argument that was not given. */
    static final Object ABSENT = new Object();

    /**
     * The arguments in the order of {@code names}; those from {@code required} on may be {@link #ABSENT}.
     *
     * @param what the function, for the error
     */
    Object[] bind(Run run, String what, int required, String... names) {
        if (positional.size() > names.length) {
            throw run.error(what + ": arguments=" + positional.size() + ", allowed<=" + names.length);
        }
        Object[] bound = new Object[names.length];
        Arrays.fill(bound, ABSENT);
        for (int i = 0; i < positional.size(); i++) bound[i] = positional.get(i);
        Set<String> left = new HashSet<>(named.keySet());
        for (int i = 0; i < names.length; i++) {
            if (!left.remove(names[i])) continue;
            if (bound[i] != ABSENT) throw run.error(what + ": argument '" + names[i] + "' given twice");
            bound[i] = named.get(names[i]);
        }
        if (!left.isEmpty()) {
            throw run.error(what + ": unknown arguments " + left + ", known=" + Arrays.toString(names));
        }
        for (int i = 0; i < required; i++) {
            if (bound[i] == ABSENT) throw run.error(what + ": argument '" + names[i] + "' is missing");
        }
        return bound;
    }

    Object first() {
        return positional.getFirst();
    }

    Args without(int count) {
        return new Args(positional.subList(count, positional.size()), named);
    }

    static boolean given(Object argument) {
        return argument != ABSENT;
    }

    static boolean flag(Object argument, boolean otherwise) {
        return argument == ABSENT ? otherwise : Py.truth(argument);
    }

    static long integer(Run run, String what, Object argument, long otherwise) {
        if (argument == ABSENT) return otherwise;
        if (argument instanceof Boolean b) return b ? 1 : 0;
        if (argument instanceof Long l) return l;
        throw run.error(what + ": expected an integer, got " + Py.describe(argument));
    }

    static String text(Run run, String what, Object argument, String otherwise) {
        if (argument == ABSENT) return otherwise;
        if (argument instanceof String s) return s;
        throw run.error(what + ": expected a string, got " + Py.describe(argument));
    }
}
