// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names of tensors on Hugging Face, told as GGUF's. */
final class HfNames {
    /** Those of decoders laid out as Llama. */
    static final Map<String, String> DECODER = Map.ofEntries(
            Map.entry("embed_tokens", "token_embd"),
            Map.entry("norm", "output_norm"),
            Map.entry("lm_head", "output"),
            Map.entry("input_layernorm", "blk.attn_norm"),
            Map.entry("self_attn.q_proj", "blk.attn_q"),
            Map.entry("self_attn.k_proj", "blk.attn_k"),
            Map.entry("self_attn.v_proj", "blk.attn_v"),
            Map.entry("self_attn.o_proj", "blk.attn_output"),
            Map.entry("self_attn.q_norm", "blk.attn_q_norm"),
            Map.entry("self_attn.k_norm", "blk.attn_k_norm"),
            Map.entry("post_attention_layernorm", "blk.ffn_norm"),
            Map.entry("mlp.gate_proj", "blk.ffn_gate"),
            Map.entry("mlp.up_proj", "blk.ffn_up"),
            Map.entry("mlp.down_proj", "blk.ffn_down"));

    /** What stands before the names of a text model within a larger one, or in a file saved with or without its head. */
    private static final List<String> PREFIXES =
            List.of("model.language_model.", "language_model.model.", "language_model.", "model.", "bert.");

    private static final Pattern LAYER = Pattern.compile("(?:encoder\\.)?layers?\\.(0|[1-9]\\d{0,3})\\.(.+)");
    private static final Pattern EXPERT = Pattern.compile("(.+\\.experts\\.)(0|[1-9]\\d{0,3})\\.(.+)");
    private static final Pattern NAME = Pattern.compile("(.+)(\\.weight|\\.bias|\\.gamma|\\.beta)");
    /** Tables that old files carry and that follow from the config. */
    private static final Pattern IGNORED = Pattern.compile(".*rotary_emb\\.inv_freq");

    private HfNames() {}

    static boolean isIgnored(String name) {
        return IGNORED.matcher(name).matches();
    }

    /** With other names besides, or instead, for the same things. */
    static Map<String, String> decoderAnd(Map<String, String> others) {
        Map<String, String> all = new HashMap<>(DECODER);
        all.values().removeAll(others.values());
        all.putAll(others);
        return Map.copyOf(all);
    }

    /** GGUF's name; empty for a tensor that the family has not. */
    static Optional<String> translate(Map<String, String> names, String name) {
        Matcher parts = NAME.matcher(withoutPrefix(name));
        if (!parts.matches()) return Optional.empty();
        Matcher layer = LAYER.matcher(parts.group(1));
        boolean inLayer = layer.matches();
        String site = inLayer ? layer.group(2) : parts.group(1);
        Matcher expert = EXPERT.matcher(site);
        boolean isExpert = expert.matches();
        String told = names.get(isExpert ? expert.group(1) + expert.group(3) : site);
        if (told == null || told.startsWith("blk.") != inLayer) return Optional.empty();
        if (isExpert) told += "." + expert.group(2);
        String whole = inLayer ? "blk." + layer.group(1) + told.substring("blk".length()) : told;
        return Optional.of(whole + suffix(parts.group(2)));
    }

    /** Norms have other words for the two in files that TensorFlow wrote. */
    private static String suffix(String theirs) {
        return switch (theirs) {
            case ".gamma" -> ".weight";
            case ".beta" -> ".bias";
            default -> theirs;
        };
    }

    private static String withoutPrefix(String name) {
        for (String prefix : PREFIXES) if (name.startsWith(prefix)) return name.substring(prefix.length());
        return name;
    }
}
