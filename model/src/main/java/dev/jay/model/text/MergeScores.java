// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.TokenType;
import java.util.List;
import java.util.Optional;

/**
 * Merges told as scores. Merging by scores joins any two neighbours whose texts together are a token, the token of the
 * highest score first. Merging by a list does the same where the list has every such pair, and those of one token stand
 * together: then a token's score is its place in the list, from the end.
 */
final class MergeScores {
    private static final int MOST_TOKEN_BYTES = 1024; // every cut of a token is looked up; real ones stay below 200

    private MergeScores() {}

    /** Of all tokens; empty where scores cannot say what the list does. */
    static Optional<float[]> of(Vocabulary vocabulary, List<String> lines) {
        if (vocabulary.longest() > MOST_TOKEN_BYTES) return Optional.empty();
        int[] places = new int[vocabulary.size()]; // 0: merges to it have not come
        long[] pairs = new long[vocabulary.size()];
        int count = 0;
        int last = -1;
        for (String line : lines) {
            int space = line.indexOf(' ', 1);
            if (space < 0) return Optional.empty();
            int token = vocabulary.find(line.substring(0, space) + line.substring(space + 1));
            if (token < 0) return Optional.empty();
            if (token != last) {
                if (places[token] != 0) return Optional.empty(); // others merge between
                places[token] = ++count;
                last = token;
            }
            pairs[token]++;
        }
        for (int t = 0; t < places.length; t++) {
            // others are found in a text before anything merges
            boolean merges = vocabulary.type(t) == TokenType.NORMAL;
            if (merges && pairs[t] != pairs(vocabulary, t)) return Optional.empty();
        }
        float[] scores = new float[places.length];
        for (int t = 0; t < scores.length; t++) scores[t] = -(places[t] == 0 ? count + 1 : places[t]);
        return Optional.of(scores);
    }

    /** In how many places a token can be cut into two. */
    private static int pairs(Vocabulary vocabulary, int token) {
        byte[] text = vocabulary.bytes(token);
        if (vocabulary.find(text, 0, text.length) != token) return 0; // another one is found by this text
        int pairs = 0;
        for (int cut = 1; cut < text.length; cut++) {
            boolean both = vocabulary.findPlain(text, 0, cut) >= 0 && vocabulary.findPlain(text, cut, text.length) >= 0;
            if (both) pairs++;
        }
        return pairs;
    }
}
