// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.util.Map;
import java.util.TreeMap;

/** What the config.json of an encoder says, and what its tensors are called, told from its GGUF file. */
final class HfEncoders {
    private static final Map<String, String> BERT = Map.ofEntries(
            Map.entry("token_embd", "embeddings.word_embeddings"),
            Map.entry("position_embd", "embeddings.position_embeddings"),
            Map.entry("token_types", "embeddings.token_type_embeddings"),
            Map.entry("token_embd_norm", "embeddings.LayerNorm"),
            Map.entry("attn_q", "attention.self.query"),
            Map.entry("attn_k", "attention.self.key"),
            Map.entry("attn_v", "attention.self.value"),
            Map.entry("attn_output", "attention.output.dense"),
            Map.entry("attn_output_norm", "attention.output.LayerNorm"),
            Map.entry("ffn_up", "intermediate.dense"),
            Map.entry("ffn_down", "output.dense"),
            Map.entry("layer_output_norm", "output.LayerNorm"));
    private static final Map<String, String> NOMIC = Map.ofEntries(
            Map.entry("token_embd", "embeddings.word_embeddings"),
            Map.entry("token_types", "embeddings.token_type_embeddings"),
            Map.entry("token_embd_norm", "emb_ln"),
            Map.entry("attn_qkv", "attn.Wqkv"),
            Map.entry("attn_output", "attn.out_proj"),
            Map.entry("attn_output_norm", "norm1"),
            Map.entry("ffn_gate", "mlp.fc12"),
            Map.entry("ffn_up", "mlp.fc11"),
            Map.entry("ffn_down", "mlp.fc2"),
            Map.entry("layer_output_norm", "norm2"));

    private HfEncoders() {}

    static boolean isOne(Metadata m) {
        return m.text("general.architecture").contains("bert");
    }

    private static boolean isNomic(Metadata m) {
        return m.text("general.architecture").equals("nomic-bert");
    }

    static Map<String, Object> keys(Metadata m) {
        String a = m.text("general.architecture") + ".";
        boolean nomic = isNomic(m);
        Map<String, Object> keys = new TreeMap<>();
        keys.put("model_type", nomic ? "nomic_bert" : "bert");
        keys.put(nomic ? "n_positions" : "max_position_embeddings", m.integer(a + "context_length"));
        keys.put(nomic ? "n_embd" : "hidden_size", m.integer(a + "embedding_length"));
        keys.put(nomic ? "n_layer" : "num_hidden_layers", m.integer(a + "block_count"));
        keys.put(nomic ? "n_inner" : "intermediate_size", m.integer(a + "feed_forward_length"));
        keys.put(nomic ? "n_head" : "num_attention_heads", m.integer(a + "attention.head_count"));
        keys.put(nomic ? "layer_norm_epsilon" : "layer_norm_eps", m.real(a + "attention.layer_norm_epsilon"));
        keys.put(nomic ? "activation_function" : "hidden_act", nomic ? "swiglu" : "gelu");
        keys.put("vocab_size", m.integer(a + "vocab_size"));
        keys.put("type_vocab_size", m.integer("tokenizer.ggml.token_type_count"));
        if (nomic) {
            keys.put("rotary_emb_base", m.real(a + "rope.freq_base"));
            keys.put("rotary_emb_fraction", 1.0);
            keys.put("tie_word_embeddings", false);
            for (String no : new String[] {"causal", "prenorm", "qkv_proj_bias", "rotary_emb_interleaved"}) {
                keys.put(no, false);
            }
        } else {
            keys.put("position_embedding_type", "absolute");
        }
        return keys;
    }

    static String name(Metadata m, String gguf) {
        Map<String, String> names = isNomic(m) ? NOMIC : BERT;
        int dot = gguf.lastIndexOf('.');
        String[] parts = gguf.substring(0, dot).split("\\.");
        String layers = isNomic(m) ? "encoder.layers." : "encoder.layer.";
        String site = parts.length == 1 ? names.get(parts[0]) : layers + parts[1] + "." + names.get(parts[2]);
        return site + gguf.substring(dot);
    }
}
