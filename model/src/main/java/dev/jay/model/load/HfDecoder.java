// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** A decoder's config.json, told with the keys of its GGUF files. */
final class HfDecoder {
    private HfDecoder() {}

    /** @param vectors receives the vectors that GGUF files have and those on Hugging Face follow from the config */
    static Map<String, Object> describe(HfFamily family, HfConfig config, Map<String, float[]> vectors) {
        refuseWhatIsNotRead(family, config, "hidden_act", "hidden_activation");
        if (config.flag("use_bidirectional_attention").orElse(false)) {
            throw config.wrong(
                    "use_bidirectional_attention", "is not what the family does: tokens see those before them");
        }
        Map<String, Object> keys = new LinkedHashMap<>();
        keys.put("context_length", config.whole("max_position_embeddings", 2048));
        keys.put("embedding_length", config.whole("hidden_size"));
        keys.put("block_count", config.whole("num_hidden_layers"));
        keys.put("feed_forward_length", config.whole("intermediate_size"));
        long heads = config.whole("num_attention_heads");
        keys.put("attention.head_count", heads);
        keys.put("attention.head_count_kv", config.whole("num_key_value_heads", heads));
        keys.put("attention.layer_norm_rms_epsilon", (double) (float) config.real("rms_norm_eps", 1e-6));
        long headDim = headDim(config, heads);
        keys.put("attention.key_length", headDim);
        keys.put("attention.value_length", headDim);
        long rotaryDim = (long) (headDim * config.real("partial_rotary_factor", 1));
        keys.put("rope.dimension_count", rotaryDim);
        keys.put("vocab_size", config.whole("vocab_size"));
        new HfRope(config).describe(keys, vectors, Math.clamp(rotaryDim, 0, 65_536));
        family.describe(config, keys);
        return whole(family, keys);
    }

    /** The keys with the architecture before them, and the architecture. */
    static Map<String, Object> whole(HfFamily family, Map<String, Object> keys) {
        Map<String, Object> whole = new LinkedHashMap<>();
        whole.put("general.architecture", family.architecture());
        keys.forEach((key, value) -> whole.put(family.architecture() + "." + key, value));
        return whole;
    }

    private static long headDim(HfConfig config, long heads) {
        if (config.has("head_dim")) return config.whole("head_dim");
        long dim = config.whole("hidden_size");
        if (heads < 1 || dim % heads != 0) throw config.wrong("num_attention_heads", "is no divisor of hidden_size");
        return dim / heads;
    }

    /** @param activations the keys that may name what is between the matrices of an MLP */
    static void refuseWhatIsNotRead(HfFamily family, HfConfig config, String... activations) {
        if (config.has("quantization_config")) {
            throw config.wrong("quantization_config", "is not read: wanted plain F32, F16 or BF16 weights");
        }
        for (String key : activations) {
            Optional<String> act = config.optionalText(key);
            if (act.isPresent() && !family.activations().contains(act.get())) {
                throw config.wrong(key, "is not what the family has, wanted=" + family.activations());
            }
        }
    }

    /** For families that attend within a window, in all layers or in those that {@code layer_types} names. */
    static void window(HfConfig config, Map<String, Object> keys) {
        if (!config.has("sliding_window")) return;
        keys.put("attention.sliding_window", config.whole("sliding_window"));
        if (!config.has("layer_types")) return;
        keys.put(
                "attention.sliding_window_pattern",
                config.texts("layer_types").stream()
                        .map("sliding_attention"::equals)
                        .toList());
    }

    /** Experts in place of every MLP. */
    static void experts(HfConfig config, Map<String, Object> keys, String count, String hidden) {
        if (config.whole("decoder_sparse_step", 1) != 1) throw config.wrong("decoder_sparse_step", "is not 1");
        if (config.has("mlp_only_layers") && !config.reals("mlp_only_layers").isEmpty()) {
            throw config.wrong("mlp_only_layers", "is not empty");
        }
        keys.put("expert_count", config.whole(count));
        keys.put("expert_used_count", config.whole("num_experts_per_tok"));
        keys.put("expert_feed_forward_length", config.whole(hidden));
        config.flag("norm_topk_prob").ifPresent(v -> keys.put("expert_weights_norm", v));
    }

    /**
     * For families whose files say that they attend within a window, and that run without one: as far as the window there
     * is no difference, so it bounds the context.
     */
    static void stayWithinWindow(HfConfig config, Map<String, Object> keys) {
        if (!config.has("sliding_window") || !config.flag("use_sliding_window").orElse(true)) return;
        keys.merge("context_length", config.whole("sliding_window"), (a, b) -> Math.min((Long) a, (Long) b));
    }
}
