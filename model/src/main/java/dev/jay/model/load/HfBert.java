// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.Catalog;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** BERT, saved by itself or as a part of a model with heads, of which the vectors of texts use none. */
final class HfBert implements HfEncoder {
    static final Catalog.Entry<HfFamily> ENTRY =
            new Catalog.Entry<>("bert", "BERT encoders: MiniLM, BGE, E5 and their kin", args -> new HfBert());

    @Override
    public String architecture() {
        return "bert";
    }

    @Override
    public Map<String, String> names() {
        return Map.ofEntries(
                Map.entry("embeddings.word_embeddings", "token_embd"),
                Map.entry("embeddings.position_embeddings", "position_embd"),
                Map.entry("embeddings.token_type_embeddings", "token_types"),
                Map.entry("embeddings.LayerNorm", "token_embd_norm"),
                Map.entry("attention.self.query", "blk.attn_q"),
                Map.entry("attention.self.key", "blk.attn_k"),
                Map.entry("attention.self.value", "blk.attn_v"),
                Map.entry("attention.output.dense", "blk.attn_output"),
                Map.entry("attention.output.LayerNorm", "blk.attn_output_norm"),
                Map.entry("intermediate.dense", "blk.ffn_up"),
                Map.entry("output.dense", "blk.ffn_down"),
                Map.entry("output.LayerNorm", "blk.layer_output_norm"));
    }

    @Override
    public Set<String> activations() {
        return Set.of("gelu");
    }

    @Override
    public Map<String, Object> read(HfConfig config, Map<String, float[]> vectors) {
        HfDecoder.refuseWhatIsNotRead(this, config, "hidden_act");
        if (!config.optionalText("position_embedding_type").orElse("absolute").equals("absolute")) {
            throw config.wrong("position_embedding_type", "is not absolute");
        }
        for (String key : new String[] {"is_decoder", "add_cross_attention"}) {
            if (config.flag(key).orElse(false)) throw config.wrong(key, "is not what an encoder does");
        }
        Map<String, Object> keys = new LinkedHashMap<>();
        keys.put("context_length", config.whole("max_position_embeddings", 512));
        keys.put("embedding_length", config.whole("hidden_size"));
        keys.put("block_count", config.whole("num_hidden_layers"));
        keys.put("feed_forward_length", config.whole("intermediate_size"));
        keys.put("attention.head_count", config.whole("num_attention_heads"));
        keys.put("attention.layer_norm_epsilon", (double) (float) config.real("layer_norm_eps", 1e-12));
        return whole(keys, config);
    }
}
