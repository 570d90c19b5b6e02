// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.codec.KvCodec;
import dev.jay.kv.codec.KvCodecs;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** How a stream keeps its keys and values: one choice on each axis. Recipes that read the same are equal. */
public final class KvRecipe {
    private static final List<String> AXES = List.of("keys", "values");

    /** Nothing is lost: {@code keys=f32 values=f32}. */
    public static final KvRecipe LOSSLESS = parse("");

    private final String text;
    private final KvCodec keys;
    private final KvCodec values;

    private KvRecipe(String keys, String values) {
        this.keys = KvCodecs.ALL.make(keys);
        this.values = KvCodecs.ALL.make(values);
        this.text = "keys=" + keys + " values=" + values;
    }

    /** Reads text such as {@code keys=f16 values=q8_0}; an axis that is left out is f32. */
    public static KvRecipe parse(String text) {
        String keys = "f32";
        String values = "f32";
        Set<String> seen = new TreeSet<>();
        for (String part : text.isBlank() ? new String[0] : text.strip().split("\\s+")) {
            int eq = part.indexOf('=');
            String axis = eq < 0 ? part : part.substring(0, eq);
            if (eq < 0 || !seen.add(axis)) {
                throw new IllegalArgumentException("kv recipe '" + text + "': wanted axis=codec, each axis once, got '"
                        + part + "', known axes=" + AXES);
            }
            switch (axis) {
                case "keys" -> keys = part.substring(eq + 1);
                case "values" -> values = part.substring(eq + 1);
                default ->
                    throw new IllegalArgumentException(
                            "kv recipe '" + text + "': unknown axis=" + axis + ", known axes=" + AXES);
            }
        }
        return new KvRecipe(keys, values);
    }

    public KvCodec keys() {
        return keys;
    }

    public KvCodec values() {
        return values;
    }

    @Override
    public boolean equals(Object o) {
        return this == o || (o instanceof KvRecipe other && text.equals(other.text));
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    /** Every axis with its choice; {@link #parse} reads it. */
    @Override
    public String toString() {
        return text;
    }
}
