// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** The parameters of one catalog member, as written by a person: {@code budget=64,sinks=4}. */
public final class Args {
    /** What {@link #intsOf} reads as no numbers at all. */
    public static final String NONE = "none";

    private final String owner;
    private final Map<String, String> values = new LinkedHashMap<>();

    Args(String owner, String text) {
        this.owner = owner;
        for (String pair : text.isBlank() ? new String[0] : text.split(",")) {
            int eq = pair.indexOf('=');
            if (eq < 0) {
                throw new IllegalArgumentException(owner + ": expected key=value, got '" + pair.strip() + "'");
            }
            values.put(pair.substring(0, eq).strip(), pair.substring(eq + 1).strip());
        }
    }

    public int intOf(String key, int otherwise) {
        String v = values.remove(key);
        try {
            return v == null ? otherwise : Integer.parseInt(v);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(owner + ": " + key + " must be a whole number, got '" + v + "'", e);
        }
    }

    /** Whether something was written of it. */
    public boolean has(String key) {
        return values.containsKey(key);
    }

    /** Whole numbers with + between them; none where there is nothing, or {@link #NONE}. */
    public int[] intsOf(String key) {
        String v = values.remove(key);
        try {
            return v == null || v.equals(NONE)
                    ? new int[0]
                    : Pattern.compile("\\+")
                            .splitAsStream(v)
                            .mapToInt(Integer::parseInt)
                            .toArray();
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    owner + ": " + key + " must be whole numbers with + between, got '" + v + "'", e);
        }
    }

    public double doubleOf(String key, double otherwise) {
        String v = values.remove(key);
        try {
            return v == null ? otherwise : Double.parseDouble(v);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(owner + ": " + key + " must be a number, got '" + v + "'", e);
        }
    }

    void rejectUnread() {
        if (!values.isEmpty()) {
            throw new IllegalArgumentException(owner + ": unknown parameters " + values.keySet());
        }
    }
}
