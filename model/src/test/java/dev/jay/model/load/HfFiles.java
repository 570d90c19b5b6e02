// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.WeightFormats;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import tools.jackson.databind.json.JsonMapper;

/** A model in a GGUF file, written as Hugging Face would have it. */
public final class HfFiles {
    private static final Map<String, String> NAMES = Map.ofEntries(
            Map.entry("token_embd", "model.embed_tokens"),
            Map.entry("output_norm", "model.norm"),
            Map.entry("output", "lm_head"),
            Map.entry("attn_norm", "input_layernorm"),
            Map.entry("attn_q", "self_attn.q_proj"),
            Map.entry("attn_k", "self_attn.k_proj"),
            Map.entry("attn_v", "self_attn.v_proj"),
            Map.entry("attn_output", "self_attn.o_proj"),
            Map.entry("attn_q_norm", "self_attn.q_norm"),
            Map.entry("attn_k_norm", "self_attn.k_norm"),
            Map.entry("ffn_norm", "post_attention_layernorm"),
            Map.entry("ffn_gate", "mlp.gate_proj"),
            Map.entry("ffn_up", "mlp.up_proj"),
            Map.entry("ffn_down", "mlp.down_proj"));

    private HfFiles() {}

    /**
     * Writes config.json and the weights, in the types that they have.
     *
     * @param changes over the config's own values; null takes a key out
     * @param shards  1: no index
     * @param spaces  before the data, so that it begins at an odd address
     */
    public static Path write(
            Path folder, WeightSource source, Map<String, Object> changes, boolean vectorsToo, int shards, int spaces)
            throws IOException {
        return write(folder, source, changes, vectorsToo, shards, spaces, name -> name);
    }

    /** @param renamed what a tensor is called, by what it is called in most files */
    public static Path write(
            Path folder,
            WeightSource source,
            Map<String, Object> changes,
            boolean vectorsToo,
            int shards,
            int spaces,
            UnaryOperator<String> renamed)
            throws IOException {
        Files.createDirectories(folder);
        Metadata m = source.metadata();
        String a = m.text("general.architecture") + ".";
        Map<String, Object> config = new TreeMap<>(HfEncoders.isOne(m) ? HfEncoders.keys(m) : decoderKeys(source));
        config.putAll(changes);
        config.values().removeIf(v -> v.equals("absent"));
        Files.writeString(folder.resolve("config.json"), JsonMapper.shared().writeValueAsString(config));
        boolean turned = HfConfigs.hasPairsInHalves(m);
        List<SafetensorsBytes> files = new ArrayList<>();
        for (int i = 0; i < shards; i++) files.add(new SafetensorsBytes().padded(spaces));
        Map<String, String> index = new TreeMap<>();
        int next = 0;
        for (WeightSource.Entry e : source.entries()) {
            byte[] bytes = e.bytes().toArray(ValueLayout.JAVA_BYTE);
            boolean rotary = e.name().contains("attn_q.") || e.name().contains("attn_k.");
            if (turned && rotary) bytes = inHalves(bytes, e, m.integer(a + "attention.key_length"));
            if (e.name().startsWith("rope_factors_")) continue; // config.json has them
            boolean isGain = e.name().endsWith("norm.weight");
            if (isGain && HfConfigs.hasGainsLessOne(m)) bytes = lessOne(bytes);
            String type = e.typeName();
            if (vectorsToo && e.dims().size() == 1) {
                bytes = toBf16(bytes);
                type = "BF16";
            }
            String name = renamed.apply(
                    HfEncoders.isOne(m) ? HfEncoders.name(m, e.name()) : hfName(HfConfigs.names(m), e.name()));
            int pieces = name.contains("%d") ? Math.toIntExact(e.dims().getLast()) : 1;
            List<Long> dims = pieces == 1 ? e.dims() : e.dims().subList(0, 2);
            for (int piece = 0; piece < pieces; piece++) {
                int size = bytes.length / pieces;
                byte[] part = Arrays.copyOfRange(bytes, piece * size, (piece + 1) * size);
                String own = name.formatted(piece);
                files.get(next % shards).tensor(own, type, dims.reversed().toString(), part);
                index.put(own, fileName(next % shards, shards));
                next++;
            }
        }
        for (int i = 0; i < shards; i++) {
            Files.write(folder.resolve(fileName(i, shards)), files.get(i).bytes());
        }
        if (shards > 1) {
            Files.writeString(
                    folder.resolve("model.safetensors.index.json"),
                    JsonMapper.shared().writeValueAsString(Map.of("metadata", Map.of(), "weight_map", index)));
        }
        return folder;
    }

    private static Map<String, Object> decoderKeys(WeightSource source) {
        Metadata m = source.metadata();
        String a = m.text("general.architecture") + ".";
        Map<String, Object> config = new TreeMap<>(Map.of(
                "hidden_size", m.integer(a + "embedding_length"),
                "num_hidden_layers", m.integer(a + "block_count"),
                "num_attention_heads", m.integer(a + "attention.head_count"),
                "num_key_value_heads", m.integer(a + "attention.head_count_kv"),
                "intermediate_size", m.integer(a + "feed_forward_length"),
                "vocab_size", m.integer(a + "vocab_size"),
                "rms_norm_eps", m.real(a + "attention.layer_norm_rms_epsilon"),
                "rope_theta", m.real(a + "rope.freq_base"),
                "max_position_embeddings", m.integer(a + "context_length")));
        config.put("head_dim", m.integer(a + "attention.key_length"));
        config.put("tie_word_embeddings", source.find("output.weight") == null);
        config.putAll(HfConfigs.keys(source));
        return config;
    }

    /** The {@code model_type}s that are read as this architecture. */
    public static List<String> typesOf(String architecture) {
        return HfFamilies.ALL.names().stream()
                .filter(type -> HfFamilies.ALL.make(type).architecture().equals(architecture))
                .toList();
    }

    private static String fileName(int i, int shards) {
        return shards == 1 ? "model.safetensors" : "model-%05d-of-%05d.safetensors".formatted(i + 1, shards);
    }

    private static byte[] lessOne(byte[] f32) {
        MemorySegment all = MemorySegment.ofArray(f32.clone());
        for (int i = 0; i < f32.length / 4; i++) Floats.set(all, i, Floats.get(all, i) - 1);
        return all.toArray(ValueLayout.JAVA_BYTE);
    }

    private static String hfName(Map<String, String> others, String gguf) {
        int dot = gguf.lastIndexOf('.');
        String body = gguf.substring(0, dot);
        if (!body.startsWith("blk.")) return NAMES.get(body) + gguf.substring(dot);
        String[] parts = body.split("\\.");
        return "model.layers." + parts[1] + "." + others.getOrDefault(parts[2], NAMES.get(parts[2]))
                + gguf.substring(dot);
    }

    /** Row h, j * half + i of what is written is row h, 2 * i + j of what GGUF files have. */
    private static byte[] inHalves(byte[] bytes, WeightSource.Entry e, int headDim) {
        int rows = Math.toIntExact(e.dims().get(1));
        int size = bytes.length / rows;
        byte[] turned = new byte[bytes.length];
        for (int row = 0; row < rows; row++) {
            int head = row / headDim * headDim;
            int j = row % headDim / (headDim / 2);
            int i = row % (headDim / 2);
            System.arraycopy(bytes, (head + 2 * i + j) * size, turned, row * size, size);
        }
        return turned;
    }

    private static byte[] toBf16(byte[] f32) {
        MemorySegment to = MemorySegment.ofArray(new byte[f32.length / 2]);
        WeightFormats.ALL.make("bf16").encode(MemorySegment.ofArray(f32), 0, f32.length / 4, to, 0);
        return to.toArray(ValueLayout.JAVA_BYTE);
    }
}
