// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.tensor.Catalog;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Every pre-tokenizer by the name a GGUF file gives under {@code tokenizer.ggml.pre}; some go by several names. To add
 * one: write its file, add its line.
 */
public final class PreTokenizers {
    /** For files from before the key was. */
    static final String DEFAULT = "gpt-2";

    public static final Catalog<PreTokenizer> ALL = Catalog.of(
            "pre-tokenizer",
            Gpt2Split.ENTRY,
            also("default", Gpt2Split.ENTRY),
            also("phi-2", Gpt2Split.ENTRY),
            also("mpt", Gpt2Split.ENTRY),
            also("olmo", Gpt2Split.ENTRY),
            also("jais", Gpt2Split.ENTRY),
            also("trillion", Gpt2Split.ENTRY),
            also("exaone4", Gpt2Split.ENTRY),
            also("granite-docling", Gpt2Split.ENTRY),
            also("gigachat", Gpt2Split.ENTRY),
            also("mellum", Gpt2Split.ENTRY),
            also("modern-bert", Gpt2Split.ENTRY),
            also("a.x-4.0", Gpt2Split.ENTRY),
            also("jina-es", Gpt2Split.ENTRY),
            also("jina-de", Gpt2Split.ENTRY),
            also("jina-v2-es", Gpt2Split.ENTRY),
            also("jina-v2-de", Gpt2Split.ENTRY),
            also("jina-v1-en", Gpt2Split.ENTRY),
            also("jina-v2-code", Gpt2Split.ENTRY),
            also("roberta-bpe", Gpt2Split.ENTRY),
            Llama3Split.LLAMA_3,
            also("llama3", Llama3Split.LLAMA_3),
            also("llama-v3", Llama3Split.LLAMA_3),
            also("falcon3", Llama3Split.LLAMA_3),
            also("falcon-h1", Llama3Split.LLAMA_3),
            also("pixtral", Llama3Split.LLAMA_3),
            also("midm-2.0", Llama3Split.LLAMA_3),
            also("lfm2", Llama3Split.LLAMA_3),
            also("jina-v5-nano", Llama3Split.LLAMA_3),
            Llama3Split.SMAUG,
            also("dbrx", Llama3Split.SMAUG),
            also("glm4", Llama3Split.SMAUG),
            also("chatglm-bpe", Llama3Split.SMAUG),
            Llama3Split.QWEN_2,
            also("deepseek-r1-qwen", Llama3Split.QWEN_2),
            also("kormo", Llama3Split.QWEN_2),
            also("f2llmv2", Llama3Split.QWEN_2),
            also("stablelm2", Llama3Split.QWEN_2),
            also("megrez", Llama3Split.QWEN_2),
            also("hunyuan", Llama3Split.QWEN_2),
            also("grok-2", Llama3Split.QWEN_2),
            also("solar-open", Llama3Split.QWEN_2),
            FamilyCuts.STARCODER,
            also("refact", FamilyCuts.STARCODER),
            also("command-r", FamilyCuts.STARCODER),
            also("smollm", FamilyCuts.STARCODER),
            also("codeshell", FamilyCuts.STARCODER),
            also("exaone", FamilyCuts.STARCODER),
            also("minerva-7b", FamilyCuts.STARCODER),
            also("mellum2", FamilyCuts.STARCODER),
            FamilyCuts.FALCON,
            FamilyCuts.DEEPSEEK_LLM,
            FamilyCuts.DEEPSEEK_CODER,
            FamilyCuts.DEEPSEEK_3,
            also("hunyuan-dense", FamilyCuts.DEEPSEEK_3),
            also("joyai-llm", FamilyCuts.DEEPSEEK_3),
            FamilyCuts.O200K,
            also("llama4", FamilyCuts.O200K),
            also("kanana2", FamilyCuts.O200K),
            also("talkie", FamilyCuts.O200K),
            also("minimax-m2", FamilyCuts.O200K),
            FamilyCuts.MISTRAL,
            FamilyCuts.KIMI_2,
            FamilyCuts.COHERE_2,
            also("cohere2moe", FamilyCuts.COHERE_2),
            FamilyCuts.YOUTU,
            FamilyCuts.BLOOM_3,
            also("poro-chat", FamilyCuts.BLOOM_3),
            also("gpt3-finnish", FamilyCuts.BLOOM_3),
            FamilyCuts.VIKING,
            FamilyCuts.QWEN_35,
            FamilyCuts.BAILING,
            also("bailingmoe2", FamilyCuts.BAILING),
            also("llada-moe", FamilyCuts.BAILING),
            FamilyCuts.SEED_CODER,
            FamilyCuts.EXAONE_MOE,
            FamilyCuts.MINICPM_5,
            FamilyCuts.SUPERBPE,
            FamilyCuts.LAGUNA);

    private PreTokenizers() {}

    /** The first name of each; the others are more names for the same. */
    static List<String> apart() {
        Set<Object> seen = new HashSet<>();
        List<String> names = new ArrayList<>();
        ALL.entries().forEach(e -> {
            if (seen.add(e.make())) names.add(e.name());
        });
        return names;
    }

    private static Catalog.Entry<PreTokenizer> also(String name, Catalog.Entry<PreTokenizer> entry) {
        return new Catalog.Entry<>(name, entry.summary(), entry.make());
    }
}
