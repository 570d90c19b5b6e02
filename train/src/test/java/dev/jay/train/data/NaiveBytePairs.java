// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.data;

import dev.jay.model.text.ByteLetters;
import dev.jay.model.text.PreTokenizer;
import dev.jay.model.text.PreTokenizers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The definition: count every pair of every piece, take the best, merge it everywhere, again. */
final class NaiveBytePairs {
    private NaiveBytePairs() {}

    static List<String> merges(String text, int count) {
        List<List<String>> words = new ArrayList<>();
        PreTokenizer pieces = PreTokenizers.ALL.make("gpt-2");
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int[] at = {0};
        pieces.cut(bytes, 0, bytes.length, end -> {
            List<String> word = new ArrayList<>();
            for (; at[0] < end; at[0]++) word.add(String.valueOf((char) (bytes[at[0]] & 0xFF)));
            words.add(word);
        });
        List<String> merges = new ArrayList<>();
        while (merges.size() < count) {
            List<String> best = best(words);
            merges.add(letters(best.get(0)) + " " + letters(best.get(1)));
            for (List<String> word : words) {
                for (int i = 0; i + 1 < word.size(); i++) {
                    if (word.subList(i, i + 2).equals(best)) word.set(i, word.get(i) + word.remove(i + 1));
                }
            }
        }
        return merges;
    }

    private static List<String> best(List<List<String>> words) {
        Map<List<String>, Integer> counts = new HashMap<>();
        for (List<String> word : words) {
            for (int i = 0; i + 1 < word.size(); i++)
                counts.merge(List.copyOf(word.subList(i, i + 2)), 1, Integer::sum);
        }
        List<String> best = null;
        for (Map.Entry<List<String>, Integer> e : counts.entrySet()) {
            if (best == null || isBetter(e.getKey(), e.getValue(), best, counts.get(best))) best = e.getKey();
        }
        return best;
    }

    private static boolean isBetter(List<String> a, int times, List<String> b, int than) {
        if (times != than) return times > than;
        int first = a.get(0).compareTo(b.get(0));
        return first != 0 ? first > 0 : a.get(1).compareTo(b.get(1)) > 0;
    }

    private static String letters(String bytes) {
        return ByteLetters.write(bytes.getBytes(StandardCharsets.ISO_8859_1));
    }
}
