// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.Metadata;
import dev.jay.tensor.Catalog;

/** Every kind of tokenizer the runtime reads. To add one: write its file, add its line. */
public final class Tokenizers {
    public static final Catalog<TokenizerKind> ALL = Catalog.of(
            "tokenizer",
            BytePairs.ENTRY,
            ScoredPairs.ENTRY
    );

    private Tokenizers() {}

    /**
     * The tokenizer a model file describes under {@code tokenizer.ggml.*}. Throws IllegalArgumentException for an unknown
     * kind or pre-tokenizer, listing the known ones, and MalformedModelException for values that are missing or
     * contradict each other.
     */
    public static Tokenizer from(Metadata metadata) {
        return ALL.make(metadata.text("tokenizer.ggml.model")).read(metadata);
    }
}
