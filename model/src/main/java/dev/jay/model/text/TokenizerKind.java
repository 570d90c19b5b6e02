// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.Metadata;

/** One way to make tokens, by the name a GGUF file gives under {@code tokenizer.ggml.model}. */
public interface TokenizerKind {
    /** Throws MalformedModelException naming the key where the metadata is not a tokenizer of this kind. */
    Tokenizer read(Metadata metadata);
}
