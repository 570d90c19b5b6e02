// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import static dev.jay.model.load.SynthTrait.BIASES;
import static dev.jay.model.load.SynthTrait.ENCODER;
import static dev.jay.model.load.SynthTrait.EXPERTS;
import static dev.jay.model.load.SynthTrait.FUSED;
import static dev.jay.model.load.SynthTrait.HEAD_NORMS;
import static dev.jay.model.load.SynthTrait.LEARNT_PLACES;
import static dev.jay.model.load.SynthTrait.LONG_FACTORS;
import static dev.jay.model.load.SynthTrait.NO_PRE_NORMS;
import static dev.jay.model.load.SynthTrait.POST_NORMS;
import static dev.jay.model.load.SynthTrait.SHARED_EXPERT;
import static dev.jay.model.load.SynthTrait.SHARED_HEAD;
import static dev.jay.model.load.SynthTrait.WHOLE_NORMS;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;
import java.util.Map;
import java.util.Set;

/**
 * Every shape a made-up model can have; those with a model's name have its sizes. {@code layers} and {@code vocabulary}
 * may be given: {@code llama-1b(layers=2)}.
 */
public final class SynthShapes {
    private static final int[] TINY = {2, 64, 4, 2, 16, 160, 512};
    private static final String TEST = "0.1 M, for tests";

    // each: layers, dim, heads, KV heads, width of a head, hidden, vocabulary
    public static final Catalog<SynthShape> ALL = Catalog.of(
            "model shape",
            llama("llama-tiny", TEST, TINY, 512, 1e4),
            llama("llama-mini", "2 M, rows that k-quants fit", new int[] {2, 256, 4, 2, 64, 768, 512}, 512, 1e4),
            llama("llama-150m", "150 M", new int[] {16, 768, 12, 4, 64, 2048, 32_000}, 2048, 1e4),
            llama("llama-1b", "Llama 3.2 1B", new int[] {16, 2048, 32, 8, 64, 8192, 128_256}, 8192, 5e5, SHARED_HEAD),
            llama("llama-3b", "Llama 3.2 3B", new int[] {28, 3072, 24, 8, 128, 8192, 128_256}, 8192, 5e5, SHARED_HEAD),
            llama("llama-8b", "Llama 3 8B", new int[] {32, 4096, 32, 8, 128, 14_336, 128_256}, 8192, 5e5),
            qwen("qwen2", "qwen2-tiny", TEST, TINY, 512, BIASES),
            qwen("qwen2", "qwen2-0.5b", "Qwen 2.5 0.5B", new int[] {24, 896, 14, 2, 64, 4864, 151_936}, 32_768, BIASES),
            qwen(
                    "qwen2",
                    "qwen2-1.5b",
                    "Qwen 2.5 1.5B",
                    new int[] {28, 1536, 12, 2, 128, 8960, 151_936},
                    32_768,
                    BIASES),
            qwen("qwen3", "qwen3-tiny", TEST, new int[] {2, 64, 4, 2, 32, 160, 512}, 512, HEAD_NORMS),
            qwen(
                    "qwen3",
                    "qwen3-0.6b",
                    "Qwen 3 0.6B",
                    new int[] {28, 1024, 16, 8, 128, 3072, 151_936},
                    40_960,
                    HEAD_NORMS),
            qwen(
                    "qwen3",
                    "qwen3-1.7b",
                    "Qwen 3 1.7B",
                    new int[] {28, 2048, 16, 8, 128, 6144, 151_936},
                    40_960,
                    HEAD_NORMS),
            small(
                    "qwen2",
                    "qwen2-yarn-tiny",
                    TINY,
                    Set.of(BIASES),
                    Map.of(
                            "rope.scaling.type",
                            "yarn",
                            "rope.scaling.factor",
                            4.0,
                            "rope.scaling.original_context_length",
                            16L)),
            small("llama", "mixtral-tiny", TINY, Set.of(EXPERTS), experts(4, 2, 160)),
            small("qwen3moe", "qwen3moe-tiny", TINY, Set.of(HEAD_NORMS, EXPERTS), experts(8, 3, 96)),
            small(
                    "qwen2moe",
                    "qwen2moe-tiny",
                    TINY,
                    Set.of(BIASES, EXPERTS, SHARED_EXPERT),
                    Map.of(
                            "expert_count", 6L,
                            "expert_used_count", 2L,
                            "expert_feed_forward_length", 96L,
                            "expert_shared_feed_forward_length", 128L)),
            qwen3moe("qwen3-30b-a3b", "Qwen 3 30B with 3B active", new int[] {48, 2048, 32, 4, 128, 6144, 151_936}),
            small("gemma", "gemma-tiny", TINY, Set.of(SHARED_HEAD), Map.of()),
            small("gemma2", "gemma2-tiny", TINY, Set.of(SHARED_HEAD, POST_NORMS), caps(4, 1.5, 2)),
            small(
                    "gemma3",
                    "gemma3-tiny",
                    new int[] {7, 64, 4, 2, 16, 160, 512},
                    Set.of(SHARED_HEAD, POST_NORMS, HEAD_NORMS),
                    Map.of("attention.sliding_window", 4L, "rope.freq_base", 1e6)),
            gemma3("gemma3-1b", "Gemma 3 1B", new int[] {26, 1152, 4, 1, 256, 6912, 262_144}),
            small(
                    "phi3",
                    "phi-tiny",
                    TINY,
                    Set.of(FUSED, LONG_FACTORS),
                    Map.of(
                            "rope.scaling.type",
                            "longrope",
                            "rope.scaling.attn_factor",
                            1.19,
                            "rope.scaling.original_context_length",
                            64L)),
            small("smollm3", "smollm3-tiny", new int[] {4, 64, 4, 2, 16, 160, 512}, Set.of(SHARED_HEAD), Map.of()),
            small(
                    "granite",
                    "granite-tiny",
                    TINY,
                    Set.of(SHARED_HEAD),
                    Map.of(
                            "embedding_scale",
                            12.0,
                            "residual_scale",
                            0.22,
                            "attention.scale",
                            0.1,
                            "logit_scale",
                            8.0)),
            small("olmo2", "olmo2-tiny", TINY, Set.of(NO_PRE_NORMS, POST_NORMS, WHOLE_NORMS), Map.of()),
            encoder("bert", "bert-tiny", new int[] {2, 64, 4, 4, 16, 160, 512}, Set.of(ENCODER, LEARNT_PLACES, BIASES)),
            encoder("nomic-bert", "nomic-bert-tiny", new int[] {2, 64, 4, 4, 16, 160, 512}, Set.of(ENCODER, FUSED)));

    private SynthShapes() {}

    private static Catalog.Entry<SynthShape> llama(
            String name, String summary, int[] sizes, int context, double ropeBase, SynthTrait... traits) {
        return new Catalog.Entry<>(
                name,
                summary,
                args -> SynthShape.of(
                        name, "llama", resized(sizes, args), context, ropeBase, 1e-5, Set.of(traits), Map.of()));
    }

    /** With a shared head. */
    private static Catalog.Entry<SynthShape> qwen(
            String architecture, String name, String summary, int[] sizes, int context, SynthTrait trait) {
        return new Catalog.Entry<>(
                name,
                summary,
                args -> SynthShape.of(
                        name,
                        architecture,
                        resized(sizes, args),
                        context,
                        1e6,
                        1e-6,
                        Set.of(SHARED_HEAD, trait),
                        Map.of()));
    }

    private static Catalog.Entry<SynthShape> qwen3moe(String name, String summary, int[] sizes) {
        return new Catalog.Entry<>(
                name,
                summary,
                args -> SynthShape.of(
                        name,
                        "qwen3moe",
                        resized(sizes, args),
                        40_960,
                        1e6,
                        1e-6,
                        Set.of(HEAD_NORMS, EXPERTS),
                        experts(128, 8, 768)));
    }

    private static Catalog.Entry<SynthShape> gemma3(String name, String summary, int[] sizes) {
        return new Catalog.Entry<>(
                name,
                summary,
                args -> SynthShape.of(
                        name,
                        "gemma3",
                        resized(sizes, args),
                        32_768,
                        1e6,
                        1e-6,
                        Set.of(SHARED_HEAD, POST_NORMS, HEAD_NORMS),
                        Map.of("attention.sliding_window", 512L)));
    }

    private static Catalog.Entry<SynthShape> small(
            String architecture, String name, int[] sizes, Set<SynthTrait> traits, Map<String, Object> keys) {
        return new Catalog.Entry<>(
                name,
                TEST,
                args -> SynthShape.of(name, architecture, resized(sizes, args), 512, 1e4, 1e-6, traits, keys));
    }

    private static Catalog.Entry<SynthShape> encoder(
            String architecture, String name, int[] sizes, Set<SynthTrait> traits) {
        Map<String, Object> keys = Map.of("attention.causal", false, "pooling_type", 1L);
        return small(architecture, name, sizes, traits, keys);
    }

    private static Map<String, Object> experts(long count, long used, long hidden) {
        return Map.of("expert_count", count, "expert_used_count", used, "expert_feed_forward_length", hidden);
    }

    private static Map<String, Object> caps(long window, double scores, double logits) {
        return Map.of(
                "attention.sliding_window", window,
                "attn_logit_softcapping", scores,
                "final_logit_softcapping", logits);
    }

    private static int[] resized(int[] sizes, Args args) {
        int[] s = sizes.clone();
        s[0] = args.intOf("layers", s[0]);
        s[6] = args.intOf("vocabulary", s[6]);
        return s;
    }
}
