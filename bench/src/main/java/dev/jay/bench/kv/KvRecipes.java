// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.kv.KvRecipe;
import dev.jay.kv.KvStream;
import dev.jay.kv.PageLayout;
import dev.jay.kv.evict.KvEvictions;
import dev.jay.kv.merge.KvMerges;
import dev.jay.kv.select.KvSelections;
import dev.jay.model.ModelSpec;
import java.util.ArrayList;
import java.util.List;

/** What is judged unless the caller says: codecs at few bits, and whatever the catalogs of evictions, merges and selections have. */
final class KvRecipes {
    private static final List<String> CODECS = List.of(
            "keys=bf16 values=bf16",
            "keys=q8_0 values=q8_0",
            "keys=q4_0 values=q4_0",
            "keys=rotated-q4_0 values=q4_0",
            "keys=iq4_nl values=iq4_nl",
            "keys=per-channel(bits=4) values=per-token(bits=4)",
            "keys=per-token(bits=4) values=per-token(bits=4)",
            "keys=rotated(bits=4) values=per-token(bits=4)",
            "keys=per-channel(bits=2) values=per-token(bits=2)",
            "keys=per-token(bits=2) values=per-token(bits=2)",
            "keys=rotated(bits=2) values=per-token(bits=2)",
            "keys=thin values=f16",
            "keys=thin(bits=4) values=per-token(bits=4)",
            "keys=gear-channel(bits=2) values=gear-token(bits=2)");

    private KvRecipes() {}

    /**
     * Those that fit the heads of a model.
     *
     * @param budgets    percent of {@code length} tokens
     * @param calibrated whether there are measures of the model: without, those that go by them are left out
     */
    static List<String> all(ModelSpec spec, int length, List<Double> budgets, boolean calibrated) {
        List<String> all = new ArrayList<>(CODECS);
        all.removeIf(recipe -> !fits(spec, recipe));
        for (double percent : budgets) {
            if (!(percent > 0 && percent <= 100)) {
                throw new IllegalArgumentException("--budgets: got " + percent + ", allowed: more than 0, up to 100");
            }
            int tokens = Math.max(1, (int) Math.round(length * percent / 100));
            int recent = Math.max(1, Math.min(32, tokens / 2)); // a question at least
            int sinks = Math.min(4, tokens / 4);
            for (String name : KvEvictions.ALL.names()) {
                String evict = name + "(budget=" + tokens + ",recent=" + recent + ",sinks=" + sinks + ")";
                boolean wants = KvEvictions.ALL.make(evict).wantsCalibration();
                if (calibrated || !wants) all.add("keys=f16 values=f16 evict=" + evict);
                if (calibrated && wants) all.add("keys=f16 values=f16 evict=" + evict + " spread=errors");
            }
            for (String name : KvMerges.ALL.names()) {
                all.add("keys=f16 values=f16 evict=heavy-hitter(budget=" + tokens + ",recent=" + recent + ",sinks="
                        + sinks + ") merge=" + name);
            }
            int units = Math.max(3, Math.ceilDiv(tokens, 32)); // the first, the last, and one to choose
            for (String name : KvSelections.ALL.names()) {
                all.add("keys=f16 values=f16 select=" + name + "(budget=" + 32 * units + ",recent=1)");
            }
        }
        return all;
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
