// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.Catalog;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Nomic BERT, whose config.json has GPT-2's words for sizes, and a switch for whatever its code could do besides. */
final class HfNomicBert implements HfEncoder {
    static final Catalog.Entry<HfFamily> ENTRY =
            new Catalog.Entry<>("nomic_bert", "Nomic Embed 1 and 1.5", args -> new HfNomicBert());

    /** What the code of these models can do too, and no model of the family does. */
    private static final List<String> MUST_BE_FALSE = List.of(
            "causal",
            "prenorm",
            "parallel_block",
            "parallel_block_tied_norm",
            "qkv_proj_bias",
            "mlp_fc1_bias",
            "mlp_fc2_bias",
            "rotary_emb_interleaved",
            "scale_attn_by_inverse_layer_idx",
            "use_rms_norm");

    @Override
    public String architecture() {
        return "nomic-bert";
    }

    @Override
    public Map<String, String> names() {
        return Map.ofEntries(
                Map.entry("embeddings.word_embeddings", "token_embd"),
                Map.entry("embeddings.token_type_embeddings", "token_types"),
                Map.entry("emb_ln", "token_embd_norm"),
                Map.entry("attn.Wqkv", "blk.attn_qkv"),
                Map.entry("attn.out_proj", "blk.attn_output"),
                Map.entry("norm1", "blk.attn_output_norm"),
                Map.entry("mlp.fc12", "blk.ffn_gate"),
                Map.entry("mlp.fc11", "blk.ffn_up"),
                Map.entry("mlp.fc2", "blk.ffn_down"),
                Map.entry("norm2", "blk.layer_output_norm"));
    }

    @Override
    public Set<String> activations() {
        return Set.of("swiglu");
    }

    @Override
    public Map<String, Object> read(HfConfig config, Map<String, float[]> vectors) {
        config.text("activation_function"); // without it the authors' code takes another
        HfDecoder.refuseWhatIsNotRead(this, config, "activation_function");
        for (String key : MUST_BE_FALSE) {
            if (config.flag(key).orElse(false)) throw config.wrong(key, "is not what the family does");
        }
        if (!config.flag("scale_attn_weights").orElse(true)) throw config.wrong("scale_attn_weights", "is not true");
        if (config.has("rotary_emb_scale_base")) throw config.wrong("rotary_emb_scale_base", "is not read");
        if (config.real("rotary_emb_fraction") != 1) throw config.wrong("rotary_emb_fraction", "is not 1");
        Map<String, Object> keys = new LinkedHashMap<>();
        keys.put("context_length", context(config));
        keys.put("embedding_length", config.whole("n_embd"));
        keys.put("block_count", config.whole("n_layer"));
        keys.put("feed_forward_length", hidden(config));
        keys.put("attention.head_count", config.whole("n_head"));
        keys.put("attention.layer_norm_epsilon", (double) (float) config.real("layer_norm_epsilon", 1e-12));
        keys.put("rope.freq_base", (double) (float) config.real("rotary_emb_base", 1000));
        return whole(keys, config);
    }

    private static long hidden(HfConfig config) {
        return config.has("n_inner") ? config.whole("n_inner") : 4L * Math.clamp(config.whole("n_embd"), 0, 1 << 24);
    }

    /** Longer texts than it was trained with are turned by a base that follows from their length, which is not run. */
    private static long context(HfConfig config) {
        long positions = config.whole("n_positions", 2048);
        return Math.min(positions, config.whole("max_trained_positions", positions));
    }
}
