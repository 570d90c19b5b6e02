// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.tensor.Catalog;

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
            Llama3Split.LLAMA_3,
            also("llama3", Llama3Split.LLAMA_3),
            also("llama-v3", Llama3Split.LLAMA_3),
            also("falcon3", Llama3Split.LLAMA_3),
            Llama3Split.SMAUG,
            also("dbrx", Llama3Split.SMAUG),
            Llama3Split.QWEN_2,
            also("deepseek-r1-qwen", Llama3Split.QWEN_2));

    private PreTokenizers() {}

    private static Catalog.Entry<PreTokenizer> also(String name, Catalog.Entry<PreTokenizer> entry) {
        return new Catalog.Entry<>(name, entry.summary(), entry.make());
    }
}
