// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Embeddings often have more rows than the tokenizer beside them has tokens, to be a round number. Such rows get tokens that
 * nobody uses, as in GGUF files: a model may come up with any row.
 */
final class PaddedVocabulary {
    private static final String TOKENS = "tokenizer.ggml.tokens";
    private static final String TYPES = "tokenizer.ggml.token_type";
    private static final String SCORES = "tokenizer.ggml.scores";
    private static final int MOST = 1 << 16;
    private static final int MOST_BYTES = 64 << 20;

    private PaddedVocabulary() {}

    /** Fills the values of a tokenizer up to so many tokens, where it has fewer; many fewer are no padding, and stay. */
    static void fill(Map<String, Object> values, long rows) {
        if (!(values.get(TOKENS) instanceof List<?> tokens) || !(values.get(TYPES) instanceof int[] types)) return;
        int size = tokens.size();
        if (rows <= size || rows - size > MOST || types.length != size) return;
        StringArray.Builder all = new StringArray.Builder(MOST_BYTES);
        boolean fits = true;
        for (Object token : tokens) fits &= all.add((String) token);
        for (int id = size; id < rows; id++) fits &= all.add("[PAD" + id + "]");
        if (!fits) return;
        int[] allTypes = Arrays.copyOf(types, (int) rows);
        Arrays.fill(allTypes, size, (int) rows, TokenType.UNUSED);
        values.put(TOKENS, all.build());
        values.put(TYPES, allTypes);
        if (values.get(SCORES) instanceof float[] scores) values.put(SCORES, Arrays.copyOf(scores, (int) rows));
    }
}
