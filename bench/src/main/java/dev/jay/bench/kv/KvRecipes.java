// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.bench.kv.KvJudge.Candidate;
import dev.jay.kv.KvRecipe;
import dev.jay.kv.KvStream;
import dev.jay.kv.PageLayout;
import dev.jay.kv.evict.KvCalibration;
import dev.jay.kv.evict.KvEvictions;
import dev.jay.kv.evict.KvSpreads;
import dev.jay.kv.filter.KvFilters;
import dev.jay.kv.merge.KvMerges;
import dev.jay.kv.prefill.KvPrefills;
import dev.jay.kv.select.KvSelections;
import dev.jay.model.ModelSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What is judged unless the caller says: codecs at few bits, whatever the catalogs of ways to read prompts, evictions,
 * merges, filters and selections have, and every eviction of rows of few bits, with as many more tokens as make it the same bytes.
 */
final class KvRecipes {
    private static final String ROWS = "keys=f16 values=f16";
    private static final String FEW_BITS = "keys=rotated-q4_0 values=iq4_nl"; // the best rows of four bits (ADR 042)

    private static final String HEADS = "heads";

    private static final List<String> CODECS = List.of(
            "keys=bf16 values=bf16",
            "keys=q8_0 values=q8_0",
            "keys=q4_0 values=q4_0",
            "keys=iq4_nl values=iq4_nl",
            FEW_BITS,
            "keys=per-channel(bits=4) values=per-token(bits=4)",
            "keys=per-token(bits=4) values=per-token(bits=4)",
            "keys=rotated(bits=4) values=per-token(bits=4)",
            "keys=per-channel(bits=2) values=per-token(bits=2)",
            "keys=per-token(bits=2) values=per-token(bits=2)",
            "keys=rotated(bits=2) values=per-token(bits=2)",
            "keys=thin values=f16",
            "keys=thin(bits=4) values=per-token(bits=4)",
            "keys=gear-channel(bits=2) values=gear-token(bits=2)");

    /** Of models whose directions were measured. */
    private static final List<String> FEW_DIRECTIONS = List.of(
            "keys=low-rank(rank=64,bits=2) values=low-rank(rank=64,bits=2)",
            "keys=low-rank(rank=32,bits=2) values=low-rank(rank=32,bits=2)");

    private KvRecipes() {}

    /**
     * Those that fit the heads of a model.
     *
     * @param budgets    percent of {@code length} tokens in f16
     * @param measured of the model: without, those that go by it are left out
     */
    static List<Candidate> all(ModelSpec spec, int length, List<Double> budgets, Optional<KvCalibration> measured) {
        List<Candidate> all = new ArrayList<>();
        for (String codec : CODECS) if (fits(spec, codec)) all.add(new Candidate(codec, 0));
        if (measured.filter(m -> !m.bases().isEmpty()).isPresent()) {
            for (String codec : FEW_DIRECTIONS) if (fits(spec, codec)) all.add(new Candidate(codec, 0));
        }
        int stretch = Math.max(128, length / 8 / 64 * 64);
        for (String name : KvPrefills.ALL.names())
            all.add(new Candidate(ROWS + " prefill=" + name + "(every=" + stretch + ")", 0));
        for (double percent : budgets) {
            if (!(percent > 0 && percent <= 100)) {
                throw new IllegalArgumentException("--budgets: got " + percent + ", allowed: more than 0, up to 100");
            }
            if (percent == 100) continue; // nothing to forget
            for (String recipe : within(spec, length, percent, measured)) all.add(new Candidate(recipe, percent));
        }
        return ordered(all);
    }

    /** All budgets of a method one after the other, slow ones last: what there is no time for is missing whole. */
    private static List<Candidate> ordered(List<Candidate> all) {
        Map<Boolean, Map<String, List<Candidate>>> byMethod =
                Map.of(false, new LinkedHashMap<>(), true, new LinkedHashMap<>());
        for (Candidate c : all) {
            byMethod.get(KvCosts.isSlow(c))
                    .computeIfAbsent(KvCurves.method(c.recipe()), _ -> new ArrayList<>())
                    .add(c);
        }
        return Stream.of(false, true)
                .flatMap(isSlow -> byMethod.get(isSlow).values().stream())
                .flatMap(List::stream)
                .toList();
    }

    private static List<String> within(ModelSpec spec, int length, double percent, Optional<KvCalibration> measured) {
        int tokens = Math.max(1, (int) Math.round(length * percent / 100));
        boolean byHead = measured.filter(m -> !m.kvHeads().isEmpty()).isPresent();
        boolean calibrated =
                byHead || measured.filter(m -> !m.layers().isEmpty()).isPresent();
        List<String> all = new ArrayList<>();
        evictions(tokens, calibrated).forEach(evict -> all.add(ROWS + evict));
        if (byHead) heads(spec, length, percent).ifPresent(evict -> all.add(ROWS + evict));
        for (String name : KvMerges.ALL.names()) all.add(ROWS + evict("heavy-hitter", tokens) + " merge=" + name);
        if (fits(spec, FEW_BITS)) {
            int more = (int) (tokens * rowBytes(spec, ROWS) / rowBytes(spec, FEW_BITS));
            if (more < length) evictions(more, calibrated).forEach(evict -> all.add(FEW_BITS + evict));
            if (byHead && more < length) {
                heads(spec, length, 100.0 * more / length).ifPresent(evict -> all.add(FEW_BITS + evict));
            }
        }
        KvFilters.ALL.names().forEach(name -> all.add(ROWS + parameters("filter", name, tokens)));
        int units = Math.max(3, Math.ceilDiv(tokens, 32)); // the first, the last, and one to choose
        for (String name : KvSelections.ALL.names()) {
            all.add(ROWS + " select=" + name + "(budget=" + 32 * units + ",recent=1)");
        }
        return all;
    }

    private static List<String> evictions(int tokens, boolean calibrated) {
        List<String> all = new ArrayList<>();
        for (String name : KvEvictions.ALL.names()) {
            String evict = evict(name, tokens);
            boolean wants = KvRecipe.parse(ROWS + evict).wantsCalibration();
            if (calibrated || !wants) all.add(evict);
            if (calibrated && wants) all.add(evict + " spread=errors");
        }
        for (String spread : KvSpreads.ALL.names()) {
            boolean wants = KvSpreads.ALL.make(spread).wantsCalibration();
            if (spread.equals("uniform") || (wants && !calibrated)) continue; // every other one is uniform
            if (spread.equals(HEADS)) continue; // its budget is not a mean
            all.add(evict("prompt-window", tokens) + " spread=" + spread);
        }
        return all;
    }

    /** Some heads keep all, which takes up to two thirds of the tokens; the others share the rest. */
    private static Optional<String> heads(ModelSpec spec, int length, double percent) {
        int heads = spec.kvShape().streams().stream().mapToInt(KvStream::heads).sum();
        double all = heads * percent / 100; // whole heads that would take as much
        int whole = (int) Math.floor(all * 2 / 3);
        int slots = whole == 0 || whole == heads ? 0 : (int) (length * (all - whole) / (heads - whole));
        int every = Math.min(64, slots / 4);
        if (every < 4) return Optional.empty();
        return Optional.of(String.format(
                Locale.ROOT,
                " evict=window(budget=%d,every=%d,sinks=%d) spread=%s(whole=%.1f)",
                slots - every,
                every,
                Math.min(16, slots / 8),
                HEADS,
                100.0 * whole / heads));
    }

    private static String evict(String name, int tokens) {
        return parameters("evict", name, tokens);
    }

    private static String parameters(String axis, String name, int tokens) {
        int recent = Math.max(1, Math.min(32, tokens / 2)); // a question at least
        int sinks = Math.min(4, tokens / 4);
        return " " + axis + "=" + name + "(budget=" + tokens + ",recent=" + recent + ",sinks=" + sinks + ")";
    }

    /** Of a tile of rows of every stream. */
    private static long rowBytes(ModelSpec spec, String recipe) {
        KvRecipe rows = KvRecipe.parse(recipe);
        return spec.kvShape().streams().stream()
                .mapToLong(stream -> PageLayout.leastBytes(stream, rows))
                .sum();
    }

    private static boolean fits(ModelSpec spec, String recipe) {
        try {
            for (KvStream stream : spec.kvShape().streams()) PageLayout.leastBytes(stream, KvRecipe.parse(recipe));
            return true;
        } catch (IllegalArgumentException e) { // heads of another width than the codec takes
            return false;
        }
    }
}
