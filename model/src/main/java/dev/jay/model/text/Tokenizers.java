// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Metadata;
import dev.jay.model.load.TokenizerFiles;
import dev.jay.tensor.Catalog;
import java.io.IOException;
import java.nio.file.Path;

/** Every kind of tokenizer the runtime reads. To add one: write its file, add its line. */
public final class Tokenizers {
    public static final Catalog<TokenizerKind> ALL = Catalog.of(
            "tokenizer", BytePairs.ENTRY, ScoredPairs.ENTRY, Sentences.ENTRY, BertWords.ENTRY, PipelineTokenizer.ENTRY);

    private Tokenizers() {}

    /**
     * The tokenizer a model file describes under {@code tokenizer.ggml.*}; where it has a tokenizer.json's pipeline
     * besides, as that says.
     *
     * @throws MalformedModelException for an unknown kind or pre-tokenizer, listing the known ones, and for values that
     *                                 are missing or contradict each other
     */
    public static Tokenizer from(Metadata metadata) {
        if (metadata.has(TokenizerFiles.PIPELINE)) return PipelineTokenizer.read(metadata);
        return named(ALL, metadata.text("tokenizer.ggml.model")).read(metadata);
    }

    /**
     * The tokenizer that lies in a directory beside the weights (tokenizer.json, tokenizer.model). Whoever wants the chat
     * template too, or has more metadata, reads {@link TokenizerFiles} and gives {@link #from} all of it.
     *
     * @throws MalformedModelException if there is none, or it breaks the rules of its kind
     */
    public static Tokenizer ofDirectory(Path directory) throws IOException {
        return from(new Metadata(TokenizerFiles.read(directory)));
    }

    /** The member that a file names; files give no arguments. */
    static <T> T named(Catalog<T> catalog, String name) {
        if (catalog.has(name)) return catalog.make(name);
        throw new MalformedModelException("unknown " + catalog.kind() + ": name=" + MalformedModelException.shown(name)
                + ", known=" + catalog.names());
    }
}
