// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Metadata;
import dev.jay.tensor.Catalog;

/** Every kind of tokenizer the runtime reads. To add one: write its file, add its line. */
public final class Tokenizers {
    public static final Catalog<TokenizerKind> ALL = Catalog.of("tokenizer", BytePairs.ENTRY, ScoredPairs.ENTRY);

    private Tokenizers() {}

    /**
     * The tokenizer a model file describes under {@code tokenizer.ggml.*}.
     *
     * @throws MalformedModelException for an unknown kind or pre-tokenizer, listing the known ones, and for values that
     *                                 are missing or contradict each other
     */
    public static Tokenizer from(Metadata metadata) {
        return named(ALL, metadata.text("tokenizer.ggml.model")).read(metadata);
    }

    /** The member that a file names; files give no arguments. */
    static <T> T named(Catalog<T> catalog, String name) {
        if (catalog.has(name)) return catalog.make(name);
        throw new MalformedModelException("unknown " + catalog.kind() + ": name=" + MalformedModelException.shown(name)
                + ", known=" + catalog.names());
    }
}
