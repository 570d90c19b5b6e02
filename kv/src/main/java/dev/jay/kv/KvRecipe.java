// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.codec.KvCodec;
import dev.jay.kv.codec.KvCodecs;
import dev.jay.kv.evict.Budget;
import dev.jay.kv.evict.KvCalibration;
import dev.jay.kv.evict.KvEviction;
import dev.jay.kv.evict.KvEvictions;
import dev.jay.kv.evict.KvSpread;
import dev.jay.kv.evict.KvSpreads;
import dev.jay.kv.filter.KvFilter;
import dev.jay.kv.filter.KvFilters;
import dev.jay.kv.merge.KvMerge;
import dev.jay.kv.merge.KvMerges;
import dev.jay.kv.prefill.KvPrefill;
import dev.jay.kv.prefill.KvPrefills;
import dev.jay.kv.select.KvSelection;
import dev.jay.kv.select.KvSelections;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.AttentionKernel;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How a stream keeps its keys and values: one choice on each axis. Recipes that read the same are equal. */
public final class KvRecipe {
    private static final List<String> AXES =
            List.of("keys", "values", "evict", "merge", "spread", "select", "prefill", "filter");
    private static final int MOST_GROUP = 256; // tokens

    /** Nothing is lost: {@code keys=f32 values=f32}. */
    public static final KvRecipe LOSSLESS = parse("");

    /** How rows wait for their group to be whole. */
    public static final KvRecipe TAIL = parse("keys=f16 values=f16");

    private final String text;
    private final KvCodec keys;
    private final KvCodec values;
    private final KvEviction eviction; // null: nothing is forgotten
    private final KvMerge merge; // null: what is forgotten is gone
    private final KvSpread spread; // null: every layer keeps as much
    private final KvSelection selection; // null: a query reads all
    private final KvPrefill prefill; // null: queries of a prompt read all, too
    private final KvFilter filter; // null: a model runs on all of a prompt
    private final int group;

    /** @param choices by axis; f32 where keys or values have none */
    private KvRecipe(Map<String, String> choices) {
        this(
                choices,
                KvCodecs.ALL.make(choices.getOrDefault("keys", "f32")),
                KvCodecs.ALL.make(choices.getOrDefault("values", "f32")));
    }

    private KvRecipe(Map<String, String> choices, KvCodec keys, KvCodec values) {
        this.keys = keys;
        this.values = values;
        this.eviction = made(KvEvictions.ALL, choices.get("evict"));
        this.merge = made(KvMerges.ALL, choices.get("merge"));
        this.spread = made(KvSpreads.ALL, choices.get("spread"));
        this.selection = made(KvSelections.ALL, choices.get("select"));
        this.prefill = made(KvPrefills.ALL, choices.get("prefill"));
        this.filter = made(KvFilters.ALL, choices.get("filter"));
        this.group = Math.max(this.keys.group(), this.values.group());
        if (keys.wantsBasis()) choices.put("keys", keys.name()); // which says along which
        if (values.wantsBasis()) choices.put("values", values.name());
        StringBuilder all = new StringBuilder();
        for (String axis : AXES) {
            String choice = choices.getOrDefault(axis, axis.equals("keys") || axis.equals("values") ? "f32" : null);
            if (choice != null)
                all.append(all.isEmpty() ? "" : " ").append(axis).append('=').append(choice);
        }
        this.text = all.toString();
        checkGroups();
        checkTogether();
    }

    private static <T> T made(Catalog<T> catalog, String choice) {
        return choice == null ? null : catalog.make(choice);
    }

    private void checkGroups() {
        for (KvCodec codec : List.of(this.keys, this.values)) {
            int tokens = codec.group();
            if (tokens != 1 && (tokens % AttentionKernel.TILE != 0 || group % tokens != 0 || tokens > MOST_GROUP)) {
                throw new IllegalArgumentException("kv recipe '" + text + "': " + codec.name() + " seals groups of "
                        + tokens + " tokens, allowed: 1, or a multiple of " + AttentionKernel.TILE + " up to "
                        + MOST_GROUP + " that divides the other's");
            }
        }
    }

    private void checkTogether() {
        if (spread != null && eviction == null) {
            throw new IllegalArgumentException(
                    "kv recipe '" + text + "': spread= shares out what evict= keeps, and nothing is forgotten");
        }
        if (merge != null && eviction == null) {
            throw new IllegalArgumentException(
                    "kv recipe '" + text + "': merge= takes in what evict= forgets, and nothing is forgotten");
        }
        if (isByHead() && eviction.keepsTheSame()) {
            throw new IllegalArgumentException("kv recipe '" + text + "': heads that forget each for itself cannot keep"
                    + " the same tokens, as this evict= has them do");
        }
        if (merge != null && eviction.gathers()) {
            throw new IllegalArgumentException("kv recipe '" + text + "': " + eviction.name()
                    + " says itself what tokens are merged into; wanted no merge=");
        }
        if (eviction != null && group > 1) {
            throw new IllegalArgumentException("kv recipe '" + text + "': a token leaves its group when others are"
                    + " forgotten, so evict= wants codecs that code each row by itself: " + byRow());
        }
        if (selection != null && group > 1) {
            throw new IllegalArgumentException("kv recipe '" + text + "': the rows of an open group lie apart from the"
                    + " sealed ones, so select= wants codecs that code each row by itself: " + byRow());
        }
        if (selection != null && eviction != null) {
            throw new IllegalArgumentException("kv recipe '" + text + "': evict= moves tokens between the units that"
                    + " select= has summed up; wanted one of the two");
        }
        if (prefill != null && group > 1) {
            throw new IllegalArgumentException("kv recipe '" + text + "': the rows of an open group lie apart from the"
                    + " sealed ones, so prefill= wants codecs that code each row by itself: " + byRow());
        }
        if (prefill != null && eviction != null) {
            throw new IllegalArgumentException("kv recipe '" + text + "': evict= moves tokens between the units that"
                    + " prefill= has found; wanted one of the two");
        }
        if (filter != null && keys.wantsUnturned() && filter.layer(Integer.MAX_VALUE) > 0) {
            throw new IllegalArgumentException("kv recipe '" + text
                    + "': filter= holds queries against keys as they are"
                    + " kept, and keys=" + keys.name() + " keeps them before positions turn them; wanted keys that"
                    + " are kept turned, or no filter=");
        }
        if (filter != null && eviction != null) {
            throw new IllegalArgumentException("kv recipe '" + text + "': evict= forgets tokens before filter= has"
                    + " compared them, and what passes is as few as asked for; wanted one of the two");
        }
    }

    private static String byRow() {
        return String.join(", ", KvCodecs.byRow());
    }

    /**
     * Reads text such as {@code keys=f16 values=q8_0 evict=window(budget=256)}. An axis that is left out: keys and values
     * are f32, nothing is forgotten, a query reads all there is, in a prompt too, and a
     * model runs on all of that.
     */
    public static KvRecipe parse(String text) {
        Map<String, String> choices = new HashMap<>();
        for (String part : text.isBlank() ? new String[0] : text.strip().split("\\s+")) {
            int eq = part.indexOf('=');
            String axis = eq < 0 ? part : part.substring(0, eq);
            if (eq < 0 || choices.put(axis, part.substring(eq + 1)) != null) {
                throw new IllegalArgumentException("kv recipe '" + text + "': wanted axis=choice, each axis once, got '"
                        + part + "', known axes=" + AXES);
            }
            if (!AXES.contains(axis)) {
                throw new IllegalArgumentException(
                        "kv recipe '" + text + "': unknown axis=" + axis + ", known axes=" + AXES);
            }
        }
        return new KvRecipe(choices);
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

    /** Whether KV heads keep each its own number of tokens, in pages of its own. */
    public boolean isByHead() {
        return eviction != null && eviction.budget().isByHead();
    }

    /** @throws IllegalArgumentException if it names heads that such a stream has not */
    void checkHeads(KvStream stream) {
        if (!isByHead()) return;
        for (int head : eviction.budget().whole()) {
            if (head >= stream.heads()) {
                throw new IllegalArgumentException("kv recipe '" + text + "': whole=" + head + ", KV heads of a layer="
                        + stream.heads() + ", counted from 0");
            }
        }
    }

    /** Whether attention reads rows that both keep in the same way, whatever they forget. */
    boolean isReadLike(KvRecipe other) {
        return keys.name().equals(other.keys.name())
                && values.name().equals(other.values.name())
                && (eviction == null) == (other.eviction == null)
                && String.valueOf(selection == null ? null : selection.name())
                        .equals(String.valueOf(other.selection == null ? null : other.selection.name()))
                && prefill().map(KvPrefill::name).equals(other.prefill().map(KvPrefill::name));
    }

    /** Whether {@link #each} has to be told what was measured of the model. */
    public boolean wantsCalibration() {
        return wantsHeads() || wantsBases();
    }

    /** Of its heads. */
    public boolean wantsHeads() {
        return (eviction != null && eviction.wantsCalibration()) || (spread != null && spread.wantsCalibration());
    }

    /** Of its keys and values. */
    public boolean wantsBases() {
        return keys.wantsBasis() || values.wantsBasis();
    }

    /** Whether rows of all heads are coded as one, keys or values. */
    boolean joinsHeads() {
        return keys.joinsHeads() || values.joinsHeads();
    }

    private KvRecipe along(KvCalibration.Bases bases) {
        Map<String, String> choices = new HashMap<>();
        for (String part : text.split(" "))
            choices.put(part.substring(0, part.indexOf('=')), part.substring(part.indexOf('=') + 1));
        return new KvRecipe(choices, keys.along(bases.keys()), values.along(bases.values()));
    }

    /**
     * The same for each stream of a model: with budgets of their own where a spread says so, and with what was measured of
     * it where that is wanted.
     */
    public List<KvRecipe> each(int streams, KvCalibration measured) {
        if (wantsBases()) {
            if (measured.bases().size() != streams) {
                throw new IllegalArgumentException(
                        "kv recipe '" + text + "' wants to know along which directions keys and values lie,"
                                + " which 'jay calibrate' measures: layers=" + streams + ", measured="
                                + measured.bases().size());
            }
            return measured.bases().stream().map(this::along).toList(); // of groups, so nothing else differs by layer
        }
        if (wantsHeads() && measured.layers().size() != streams) {
            throw new IllegalArgumentException("kv recipe '" + text + "' wants measures of each layer: layers="
                    + streams + ", measured=" + measured.layers().size());
        }
        if (spread == null && !wantsHeads()) return Collections.nCopies(streams, this);
        KvSpread shares = spread == null ? KvSpreads.ALL.make("uniform") : spread;
        Budget mean = eviction.budget();
        int least = Math.max(1, mean.sinks() + mean.recent()); // what a layer keeps in any case
        int[] budgets = shares.budgets(mean.tokens(), least, streams, measured);
        List<List<Integer>> whole = shares.whole(streams, measured);
        List<KvRecipe> all = new ArrayList<>();
        for (int s = 0; s < streams; s++) {
            int budget = budgets[s];
            KvEviction its = measured.layers().isEmpty()
                    ? eviction
                    : eviction.calibrated(measured.layers().get(s));
            String evict = its.name()
                    .replaceFirst(
                            "budget=[0-9]+",
                            "budget=" + budget + (whole.isEmpty() ? "" : ",whole=" + Budget.heads(whole.get(s))));
            all.add(parse("keys=" + keys.name() + " values=" + values.name() + " evict=" + evict
                    + (merge == null ? "" : " merge=" + merge.name())));
        }
        return all;
    }

    /** Which tokens are forgotten; nothing: none is. */
    public Optional<KvEviction> eviction() {
        return Optional.ofNullable(eviction);
    }

    /** What becomes of tokens that are forgotten; nothing: they are gone. */
    public Optional<KvMerge> merge() {
        return Optional.ofNullable(merge);
    }

    /** Whether tokens are merged into others. */
    boolean merges() {
        return merge != null || (eviction != null && eviction.gathers());
    }

    /** Whether a token that others were merged into counts in attention for all of them. */
    boolean counts() {
        return (merge != null && merge.counts()) || (eviction != null && eviction.gathers());
    }

    /** Which of what is kept a query reads; nothing: all. */
    public Optional<KvSelection> selection() {
        return Optional.ofNullable(selection);
    }

    /** What a prompt's queries read; nothing: all. */
    public Optional<KvPrefill> prefill() {
        return Optional.ofNullable(prefill);
    }

    /** Whether some queries read some units only, so that keys and values of a unit lie together. */
    boolean readsUnits() {
        return selection != null || readsLessOfPrompts();
    }

    /** Whether a prompt's queries read some units only. */
    public boolean readsLessOfPrompts() {
        return prefill != null && !prefill.readsAll();
    }

    /** Which tokens of a prompt a model runs on; nothing: all. */
    public Optional<KvFilter> filter() {
        return Optional.ofNullable(filter);
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
