// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.codec.KvCodec;
import dev.jay.kv.codec.KvCodecs;
import dev.jay.kv.evict.KvEviction;
import dev.jay.kv.evict.KvEvictions;
import dev.jay.kv.select.KvSelection;
import dev.jay.kv.select.KvSelections;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.AttentionKernel;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** How a stream keeps its keys and values: one choice on each axis. Recipes that read the same are equal. */
public final class KvRecipe {
    private static final List<String> AXES = List.of("keys", "values", "evict", "select");
    private static final int MOST_GROUP = 256; // tokens

    /** Nothing is lost: {@code keys=f32 values=f32}. */
    public static final KvRecipe LOSSLESS = parse("");

    /** How rows wait for their group to be whole. */
    public static final KvRecipe TAIL = parse("keys=f16 values=f16");

    private final String text;
    private final KvCodec keys;
    private final KvCodec values;
    private final KvEviction eviction; // null: nothing is forgotten
    private final KvSelection selection; // null: a query reads all
    private final int group;

    private KvRecipe(String keys, String values, String evict, String select) {
        this.keys = KvCodecs.ALL.make(keys);
        this.values = KvCodecs.ALL.make(values);
        this.eviction = evict == null ? null : KvEvictions.ALL.make(evict);
        this.selection = select == null ? null : KvSelections.ALL.make(select);
        this.group = Math.max(this.keys.group(), this.values.group());
        this.text = "keys=" + keys + " values=" + values + (evict == null ? "" : " evict=" + evict)
                + (select == null ? "" : " select=" + select);
        for (KvCodec codec : List.of(this.keys, this.values)) {
            int tokens = codec.group();
            if (tokens != 1 && (tokens % AttentionKernel.TILE != 0 || group % tokens != 0 || tokens > MOST_GROUP)) {
                throw new IllegalArgumentException("kv recipe '" + text + "': " + codec.name() + " seals groups of "
                        + tokens + " tokens, allowed: 1, or a multiple of " + AttentionKernel.TILE + " up to "
                        + MOST_GROUP + " that divides the other's");
            }
        }
        if (eviction != null && group > 1) {
            throw new IllegalArgumentException("kv recipe '" + text + "': a token leaves its group when others are"
                    + " forgotten, so evict= wants codecs that code each row by itself: f32, f16, bf16, q8_0");
        }
        if (selection != null && group > 1) {
            throw new IllegalArgumentException("kv recipe '" + text + "': the rows of an open group lie apart from the"
                    + " sealed ones, so select= wants codecs that code each row by itself: f32, f16, bf16, q8_0");
        }
        if (selection != null && eviction != null) {
            throw new IllegalArgumentException("kv recipe '" + text + "': evict= moves tokens between the units that"
                    + " select= has summed up; wanted one of the two");
        }
    }

    /**
     * Reads text such as {@code keys=f16 values=q8_0 evict=window(budget=256)}. An axis that is left out: keys and values
     * are f32, nothing is forgotten, a query reads all there is.
     */
    public static KvRecipe parse(String text) {
        String keys = "f32";
        String values = "f32";
        String evict = null;
        String select = null;
        Set<String> seen = new TreeSet<>();
        for (String part : text.isBlank() ? new String[0] : text.strip().split("\\s+")) {
            int eq = part.indexOf('=');
            String axis = eq < 0 ? part : part.substring(0, eq);
            if (eq < 0 || !seen.add(axis)) {
                throw new IllegalArgumentException("kv recipe '" + text + "': wanted axis=choice, each axis once, got '"
                        + part + "', known axes=" + AXES);
            }
            switch (axis) {
                case "keys" -> keys = part.substring(eq + 1);
                case "values" -> values = part.substring(eq + 1);
                case "evict" -> evict = part.substring(eq + 1);
                case "select" -> select = part.substring(eq + 1);
                default ->
                    throw new IllegalArgumentException(
                            "kv recipe '" + text + "': unknown axis=" + axis + ", known axes=" + AXES);
            }
        }
        return new KvRecipe(keys, values, evict, select);
    }

    /**
     * Tokens that are sealed together; 1 where each is coded as it comes. A token sees those of earlier groups coded, those
     * of its own as {@link #TAIL} has them.
     */
    public int group() {
        return group;
    }

    /** To what {@link #TAIL} keeps of some values, and back. */
    static void round(MemorySegment from, long at, MemorySegment to, long toAt, int count) {
        for (int i = 0; i < count; i++) {
            float value = from.get(Floats.LAYOUT, at + 4L * i);
            to.set(Floats.LAYOUT, toAt + 4L * i, Float.float16ToFloat(Float.floatToFloat16(value)));
        }
    }

    public KvCodec keys() {
        return keys;
    }

    public KvCodec values() {
        return values;
    }

    /** Which tokens are forgotten; nothing: none is. */
    public Optional<KvEviction> eviction() {
        return Optional.ofNullable(eviction);
    }

    /** Which of what is kept a query reads; nothing: all. */
    public Optional<KvSelection> selection() {
        return Optional.ofNullable(selection);
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
