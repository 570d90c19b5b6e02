// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Key and value pairs of a model file, whichever kind of file it was. Values are String, Boolean, Long, Double (each
 * number widened; an unsigned 64-bit value is a Long holding its bits, or a BigInteger where it does not fit), or List
 * of these; int arrays and float arrays of a file may be held as {@code int[]}, {@code long[]}, {@code float[]} or
 * {@code double[]}.
 */
public record Metadata(Map<String, Object> values) {
    public Metadata {
        values = Map.copyOf(values);
    }

    public boolean has(String key) {
        return values.containsKey(key);
    }

    public String text(String key) {
        return cast(key, String.class);
    }

    public Optional<String> optionalText(String key) {
        return has(key) ? Optional.of(text(key)) : Optional.empty();
    }

    public int integer(String key) {
        long v = cast(key, Long.class);
        if (v != (int) v) throw new MalformedModelException("model file has a number too large under '" + key + "': " + v);
        return (int) v;
    }

    public int integer(String key, int otherwise) {
        return has(key) ? integer(key) : otherwise;
    }

    public double real(String key) {
        return cast(key, Number.class).doubleValue();
    }

    public double real(String key, double otherwise) {
        return has(key) ? real(key) : otherwise;
    }

    public boolean flag(String key, boolean otherwise) {
        return has(key) ? cast(key, Boolean.class) : otherwise;
    }

    public List<?> list(String key) {
        return cast(key, List.class);
    }

    private <V> V cast(String key, Class<V> wanted) {
        Object v = values.get(key);
        if (v == null) throw new MalformedModelException("model file lacks the key '" + key + "'");
        if (!wanted.isInstance(v)) {
            throw new MalformedModelException("model file has the wrong type under '" + key + "': wanted="
                    + wanted.getSimpleName() + ", got=" + v.getClass().getSimpleName());
        }
        return wanted.cast(v);
    }
}
