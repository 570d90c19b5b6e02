// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Key and value pairs of a model file in its order, whichever kind of file it was. A single value is a String, Boolean,
 * Long or Double (each number widened), or a BigInteger where an unsigned 64-bit number fits no Long. An array is an
 * {@code int[]}, {@code long[]}, {@code float[]} or {@code double[]}, wide enough for the file's type, or a List of
 * strings, booleans, numbers or arrays. Arrays are shared, not copied: do not write to them.
 */
public record Metadata(Map<String, Object> values) {
    public Metadata {
        values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
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
        return narrow(key, cast(key, Long.class));
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

    /** An array that is held as a List: of strings, booleans or arrays. */
    public List<?> list(String key) {
        return cast(key, List.class);
    }

    /** An array of strings. */
    public List<String> strings(String key) {
        Object v = cast(key, Object.class);
        if (v instanceof StringArray s) return s;
        if (v instanceof List<?> list && list.stream().allMatch(String.class::isInstance)) {
            return list.stream().map(String.class::cast).toList();
        }
        throw wrongType(key, "array of strings", v);
    }

    /** An array of whole numbers that fit an int. */
    public int[] integers(String key) {
        // no switch over types here and below: its first run takes milliseconds, in every start
        Object v = cast(key, Object.class);
        if (v instanceof int[] a) return a;
        if (v instanceof byte[] a) {
            int[] wide = new int[a.length];
            for (int i = 0; i < a.length; i++) wide[i] = Byte.toUnsignedInt(a[i]);
            return wide;
        }
        if (v instanceof long[] a)
            return Arrays.stream(a).mapToInt(n -> narrow(key, n)).toArray();
        if (v instanceof List<?> list && list.isEmpty()) return new int[0];
        throw wrongType(key, "array of integers", v);
    }

    /** An array of real numbers. */
    public float[] reals(String key) {
        Object v = cast(key, Object.class);
        if (v instanceof float[] a) return a;
        if (v instanceof double[] a) {
            float[] narrow = new float[a.length];
            for (int i = 0; i < a.length; i++) narrow[i] = (float) a[i];
            return narrow;
        }
        if (v instanceof List<?> list && list.isEmpty()) return new float[0];
        throw wrongType(key, "array of reals", v);
    }

    private static int narrow(String key, long v) {
        if (v < Integer.MIN_VALUE || v > Integer.MAX_VALUE) {
            throw new MalformedModelException("model file has too large a number under '" + key + "': value=" + v
                    + ", most=" + Integer.MAX_VALUE);
        }
        return (int) v;
    }

    private <V> V cast(String key, Class<V> wanted) {
        Object v = values.get(key);
        if (v == null) throw new MalformedModelException("model file lacks the key '" + key + "'");
        if (!wanted.isInstance(v)) throw wrongType(key, wanted.getSimpleName(), v);
        return wanted.cast(v);
    }

    private static MalformedModelException wrongType(String key, String wanted, Object got) {
        return new MalformedModelException("model file has the wrong type under '" + key + "': wanted=" + wanted
                + ", got=" + got.getClass().getSimpleName());
    }
}
