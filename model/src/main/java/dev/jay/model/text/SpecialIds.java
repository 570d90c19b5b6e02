// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Metadata;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The tokens with a part to play, -1 where the model has none, and which of them stand around a text.
 *
 * @param behind tokens that stand behind a text
 * @param ends   tokens that end an answer
 */
record SpecialIds(int bos, int eos, int unknown, boolean addsBos, List<Integer> behind, Set<Integer> ends) {
    private static final String PREFIX = "tokenizer.ggml.";
    private static final List<String> END_KEYS = List.of("eos_token_id", "eot_token_id", "eom_token_id");
    /** What families end a turn with; their files often name only one of several. */
    private static final List<String> END_TEXTS = List.of(
            "<|eot_id|>",
            "<|eom_id|>",
            "<|im_end|>",
            "<|end|>",
            "<|end_of_text|>",
            "<|endoftext|>",
            "<end_of_turn>",
            "<end_of_utterance>",
            "<EOT>",
            "_<EOT>",
            "<\uFF5Cend\u2581of\u2581sentence\uFF5C>");
    /** How a file says in 32 bits that there is none. */
    private static final long NONE = 0xFFFF_FFFFL;

    private static final int[] NO_IDS = {};

    /** What holds where the file does not say. */
    record Defaults(int bos, int eos, int unknown, boolean addsBos, boolean addsEos, int separator) {
        static Defaults of(int bos, int eos, int unknown, boolean addsBos, boolean addsEos) {
            return new Defaults(bos, eos, unknown, addsBos, addsEos, -1);
        }

        /** A text between two tokens, neither of which ends an answer. */
        static Defaults separated(int bos, int unknown, int separator) {
            return new Defaults(bos, -1, unknown, true, false, separator);
        }
    }

    /** Also makes tokens that end a turn control tokens, where the file forgot to. */
    static SpecialIds read(Metadata metadata, Vocabulary vocabulary, Defaults defaults) {
        int bos = id(metadata, vocabulary, "bos_token_id", defaults.bos);
        int eos = id(metadata, vocabulary, "eos_token_id", defaults.eos);
        int unknown = id(metadata, vocabulary, "unknown_token_id", defaults.unknown);
        Set<Integer> ends = new TreeSet<>();
        for (String key : END_KEYS) ends.add(id(metadata, vocabulary, key, key.equals("eos_token_id") ? eos : -1));
        for (int end : metadata.has(PREFIX + "eos_token_ids") ? metadata.integers(PREFIX + "eos_token_ids") : NO_IDS) {
            if (end >= 0 && end < vocabulary.size()) ends.add(end);
        }
        for (String text : END_TEXTS) {
            int token = vocabulary.find(text);
            if (token >= 0) vocabulary.makeControl(token);
            ends.add(token);
        }
        ends.remove(-1);
        return new SpecialIds(
                bos,
                eos,
                unknown,
                bos >= 0 && metadata.flag(PREFIX + "add_bos_token", defaults.addsBos),
                behind(metadata, vocabulary, eos, defaults),
                Collections.unmodifiableSet(ends));
    }

    private static List<Integer> behind(Metadata metadata, Vocabulary vocabulary, int eos, Defaults defaults) {
        // the key has been misspelt for as long as it has been
        int given = id(metadata, vocabulary, "separator_token_id", defaults.separator);
        int separator = id(metadata, vocabulary, "seperator_token_id", given);
        boolean separated = separator >= 0 && metadata.flag(PREFIX + "add_sep_token", defaults.separator >= 0);
        boolean ended = eos >= 0 && metadata.flag(PREFIX + "add_eos_token", defaults.addsEos);
        if (separated) return List.of(separator);
        return ended ? List.of(eos) : List.of();
    }

    private static int id(Metadata metadata, Vocabulary vocabulary, String name, int otherwise) {
        Object given = metadata.values().get(PREFIX + name);
        if (given == null) return otherwise < vocabulary.size() ? otherwise : -1;
        if (given instanceof Long id) {
            if (id == -1 || id == NONE) return -1;
            if (id >= 0 && id < vocabulary.size()) return (int) (long) id;
        }
        throw new MalformedModelException("reading the vocabulary: " + PREFIX + name + "=" + given
                + " is not a token, vocabulary=" + vocabulary.size());
    }
}
