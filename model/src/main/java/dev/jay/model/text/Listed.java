// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.Metadata;
import java.util.ArrayList;
import java.util.List;

/** Lists of a model file, in whichever of the forms {@link Metadata} may hold them. */
final class Listed {
    private Listed() {}

    static List<String> strings(Metadata metadata, String key) {
        List<?> values = metadata.list(key);
        List<String> strings = new ArrayList<>(values.size());
        for (Object v : values) {
            if (!(v instanceof String s)) throw wrong(key, "strings", v);
            strings.add(s);
        }
        return strings;
    }

    static float[] numbers(Metadata metadata, String key) {
        Object value = metadata.values().get(key);
        if (value instanceof float[] given) return given;
        if (value instanceof int[] given) {
            float[] numbers = new float[given.length];
            for (int i = 0; i < given.length; i++) numbers[i] = given[i];
            return numbers;
        }
        List<?> values = metadata.list(key);
        float[] numbers = new float[values.size()];
        int i = 0;
        for (Object v : values) {
            if (!(v instanceof Number n)) throw wrong(key, "numbers", v);
            numbers[i++] = n.floatValue();
        }
        return numbers;
    }

    private static IllegalArgumentException wrong(String key, String wanted, Object got) {
        return new IllegalArgumentException("model file has the wrong type under '" + key + "': wanted=list of " + wanted
                + ", got=" + got.getClass().getSimpleName());
    }
}
