// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import java.util.HashMap;
import java.util.Map;

/** Names and what they stand for, inside one block; what is not there is looked for around it. */
final class Scope {
    private final Scope outer;
    private final Map<String, Object> names = new HashMap<>();

    Scope(Scope outer) {
        this.outer = outer;
    }

    void set(String name, Object value) {
        names.put(name, value);
    }

    Object get(String name) {
        for (Scope scope = this; scope != null; scope = scope.outer) {
            Object value = scope.names.get(name);
            if (value != null || scope.names.containsKey(name)) return value;
        }
        return new Values.Undefined("'" + name + "' is undefined");
    }
}
