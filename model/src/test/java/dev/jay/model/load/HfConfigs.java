// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.format.Floats;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** What the config.json of a family says besides sizes, and what its tensors are called, told from its GGUF file. */
final class HfConfigs {
    private static final Map<String, String> SANDWICH = Map.of(
            "post_attention_norm", "post_attention_layernorm",
            "ffn_norm", "pre_feedforward_layernorm",
            "post_ffw_norm", "post_feedforward_layernorm");

    private HfConfigs() {}

    /** GGUF's names of single parts that are not what a Llama's are. */
    static Map<String, String> names(Metadata m) {
        return switch (m.text("general.architecture")) {
            case "gemma2", "gemma3" -> SANDWICH;
            case "olmo2" ->
                Map.of(
                        "post_attention_norm",
                        "post_attention_layernorm",
                        "post_ffw_norm",
                        "post_feedforward_layernorm");
            case "phi3" -> Map.of("attn_qkv", "self_attn.qkv_proj", "ffn_up", "mlp.gate_up_proj");
            case "llama" ->
                Map.of(
                        "ffn_gate_inp", "block_sparse_moe.gate",
                        "ffn_gate_exps", "block_sparse_moe.experts.%d.w1",
                        "ffn_up_exps", "block_sparse_moe.experts.%d.w3",
                        "ffn_down_exps", "block_sparse_moe.experts.%d.w2");
            case "qwen2moe", "qwen3moe" ->
                Map.of(
                        "ffn_gate_inp", "mlp.gate",
                        "ffn_gate_exps", "mlp.experts.%d.gate_proj",
                        "ffn_up_exps", "mlp.experts.%d.up_proj",
                        "ffn_down_exps", "mlp.experts.%d.down_proj",
                        "ffn_gate_inp_shexp", "mlp.shared_expert_gate",
                        "ffn_gate_shexp", "mlp.shared_expert.gate_proj",
                        "ffn_up_shexp", "mlp.shared_expert.up_proj",
                        "ffn_down_shexp", "mlp.shared_expert.down_proj");
            default -> Map.of();
        };
    }

    static boolean hasGainsLessOne(Metadata m) {
        return m.text("general.architecture").startsWith("gemma");
    }

    static boolean hasPairsInHalves(Metadata m) {
        return List.of("llama", "granite", "smollm3").contains(m.text("general.architecture"));
    }

    static Map<String, Object> keys(WeightSource source) {
        Metadata m = source.metadata();
        String a = m.text("general.architecture") + ".";
        Map<String, Object> keys = new LinkedHashMap<>();
        keys.put("model_type", modelType(m));
        copy(m, a + "attention.sliding_window", keys, "sliding_window");
        copy(m, a + "attn_logit_softcapping", keys, "attn_logit_softcapping");
        copy(m, a + "final_logit_softcapping", keys, "final_logit_softcapping");
        copy(m, a + "embedding_scale", keys, "embedding_multiplier");
        copy(m, a + "residual_scale", keys, "residual_multiplier");
        copy(m, a + "attention.scale", keys, "attention_multiplier");
        copy(m, a + "logit_scale", keys, "logits_scaling");
        copy(m, a + "expert_used_count", keys, "num_experts_per_tok");
        copy(m, a + "expert_count", keys, a.equals("llama.") ? "num_local_experts" : "num_experts");
        copy(m, a + "expert_feed_forward_length", keys, "moe_intermediate_size");
        copy(m, a + "expert_shared_feed_forward_length", keys, "shared_expert_intermediate_size");
        switch (a) {
            case "gemma2." -> keys.put("query_pre_attn_scalar", m.integer(a + "attention.key_length"));
            case "gemma3." -> {
                keys.put("hidden_activation", "gelu_pytorch_tanh");
                keys.put(
                        "layer_types",
                        IntStream.range(0, m.integer(a + "block_count"))
                                .mapToObj(l -> l % 6 == 5 ? "full_attention" : "sliding_attention")
                                .toList());
            }
            case "gemma." -> keys.put("hidden_act", "gelu");
            case "smollm3." -> keys.put("no_rope_layers", List.of(1, 1, 1, 0));
            case "qwen3moe." -> keys.put("norm_topk_prob", true);
            case "qwen2moe." -> keys.put("norm_topk_prob", false);
            case "phi3." -> {
                keys.put("original_max_position_embeddings", m.integer(a + "rope.scaling.original_context_length"));
                keys.put(
                        "rope_scaling",
                        Map.of(
                                "type", "longrope",
                                "attention_factor", m.real(a + "rope.scaling.attn_factor"),
                                "long_factor", floats(source, "rope_factors_long.weight"),
                                "short_factor", floats(source, "rope_factors_short.weight")));
            }
            default -> {}
        }
        return keys;
    }

    private static float[] floats(WeightSource source, String name) {
        return source.find(name).bytes().toArray(Floats.LAYOUT);
    }

    private static String modelType(Metadata m) {
        String architecture = m.text("general.architecture");
        return switch (architecture) {
            case "gemma3" -> "gemma3_text";
            case "qwen2moe" -> "qwen2_moe";
            case "qwen3moe" -> "qwen3_moe";
            case "llama" -> m.has("llama.expert_count") ? "mixtral" : "llama";
            default -> architecture;
        };
    }

    private static void copy(Metadata m, String gguf, Map<String, Object> keys, String name) {
        if (m.has(gguf)) keys.put(name, m.values().get(gguf));
    }
}
