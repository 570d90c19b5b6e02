// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.util.List;
import java.util.Map;

/**
 * What config.json says of rotary positions, under {@code rope_theta} and {@code rope_scaling} or, newer, all under
 * {@code rope_parameters}: as GGUF's keys and, for factors of single frequencies, GGUF's vectors.
 */
final class HfRope {
    private static final double DEFAULT_BASE = 10_000;

    private final HfConfig config;
    private final HfConfig scaling; // null: none

    HfRope(HfConfig config) {
        this.config = config;
        this.scaling = config.inner("rope_parameters")
                .or(() -> config.inner("rope_scaling"))
                .orElse(null);
    }

    private double base() {
        double own = config.real("rope_theta", DEFAULT_BASE);
        return scaling == null ? own : scaling.real("rope_theta", own);
    }

    private String type() {
        if (scaling == null) return "default";
        return scaling.optionalText("rope_type")
                .or(() -> scaling.optionalText("type"))
                .orElse("default");
    }

    /** Puts keys and, by name, the vectors that files on Hugging Face do not have. */
    void describe(Map<String, Object> keys, Map<String, float[]> vectors, int rotaryDim) {
        keys.put("rope.freq_base", (double) (float) base());
        switch (type()) {
            case "default" -> {}
            case "llama3" -> vectors.put("rope_freqs.weight", llama3(rotaryDim));
            case "longrope", "su" -> longrope(keys, vectors);
            default -> scaled(keys); // the architecture refuses by name what it does not know
        }
    }

    private void scaled(Map<String, Object> keys) {
        keys.put("rope.scaling.type", type());
        keys.put("rope.scaling.factor", scaling.real("factor"));
        if (scaling.has("original_max_position_embeddings")) {
            keys.put("rope.scaling.original_context_length", scaling.whole("original_max_position_embeddings"));
        }
        if (scaling.has("beta_fast")) keys.put("rope.scaling.yarn_beta_fast", scaling.real("beta_fast"));
        if (scaling.has("beta_slow")) keys.put("rope.scaling.yarn_beta_slow", scaling.real("beta_slow"));
        if (scaling.has("attention_factor")) keys.put("rope.scaling.attn_factor", scaling.real("attention_factor"));
    }

    private void longrope(Map<String, Object> keys, Map<String, float[]> vectors) {
        keys.put("rope.scaling.type", "longrope");
        long context = config.whole("max_position_embeddings");
        long original = config.has("original_max_position_embeddings")
                ? config.whole("original_max_position_embeddings")
                : scaling.whole("original_max_position_embeddings", context);
        keys.put("rope.scaling.original_context_length", original);
        double factor = (double) context / original;
        double attention = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
        keys.put("rope.scaling.attn_factor", scaling.real("attention_factor", attention));
        vectors.put("rope_factors_long.weight", floats(scaling.reals("long_factor")));
        vectors.put("rope_factors_short.weight", floats(scaling.reals("short_factor")));
    }

    private static float[] floats(List<Double> values) {
        float[] all = new float[values.size()];
        for (int i = 0; i < all.length; i++) all[i] = values.get(i).floatValue();
        return all;
    }

    /** By wave length: short waves as they are, long ones slower by the whole factor, between them in between. */
    private float[] llama3(int dim) {
        double factor = scaling.real("factor");
        double low = scaling.real("low_freq_factor");
        double high = scaling.real("high_freq_factor");
        double context = scaling.real("original_max_position_embeddings");
        if (!(factor > 0 && low > 0 && high > low && context > 0)) {
            throw new MalformedModelException(
                    config.file(),
                    0,
                    scaling.where() + " does not fit together: factor=" + factor + ", low_freq_factor=" + low
                            + ", high_freq_factor=" + high + ", original_max_position_embeddings=" + context);
        }
        float[] factors = new float[dim / 2];
        for (int i = 0; i < factors.length; i++) {
            double waves = context / (2 * Math.PI * Math.pow(base(), 2.0 * i / dim));
            double share = Math.clamp((waves - low) / (high - low), 0, 1);
            factors[i] = (float) (1 / ((1 - share) / factor + share));
        }
        return factors;
    }
}
