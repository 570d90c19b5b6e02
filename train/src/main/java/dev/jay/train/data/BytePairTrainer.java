// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.data;

import dev.jay.model.text.ByteLetters;
import dev.jay.model.text.PreTokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Byte-level byte-pair encoding (Sennrich and others 2016, on bytes as GPT-2 has it): again and again the commonest pair
 * of symbols within pieces of text becomes a symbol. Of equally common pairs the one of greater bytes goes first, so the
 * same texts give the same tokens in any order. Holds every different piece on the heap, {@value #MOST_PIECES} at most:
 * when they are more, those seen once so far are forgotten.
 */
public final class BytePairTrainer {
    static final int MOST_PIECES = 1 << 21;

    private static final int MOST_BYTES = 128; // of a piece: no word is longer, and one of endless signs says nothing

    private final PreTokenizer pieces;
    private final Map<String, Integer> counts = new HashMap<>(); // a byte is a char of Latin-1

    public BytePairTrainer(PreTokenizer pieces) {
        this.pieces = pieces;
    }

    /** @param merges pairs in letters, as GGUF has them, first come first merged; the symbols are the bytes, then these */
    public record Result(List<String> symbols, List<String> merges) {}

    public void add(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0) return;
        int[] open = {0};
        pieces.cut(bytes, 0, bytes.length, end -> {
            int length = end - open[0];
            if (length <= MOST_BYTES) {
                counts.merge(new String(bytes, open[0], length, StandardCharsets.ISO_8859_1), 1, Integer::sum);
            }
            open[0] = end;
        });
        if (counts.size() > MOST_PIECES) counts.values().removeIf(n -> n == 1);
    }

    /** Pieces that differ. */
    public int pieces() {
        return counts.size();
    }

    /** Told how many symbols there are. */
    public interface Progress {
        void at(int symbols, int wanted);
    }

    /**
     * @param wanted symbols, 256 of them the bytes
     * @throws IllegalArgumentException if the texts do not have so many
     */
    public Result train(int wanted, Progress progress) {
        if (wanted < 256) throw new IllegalArgumentException("tokenizer: symbols=" + wanted + ", wanted at least 256");
        Merging merging = new Merging();
        List<String> merges = new ArrayList<>();
        while (merging.symbols.size() < wanted) {
            Pair best = merging.next();
            if (best == null) {
                throw new IllegalArgumentException("tokenizer: symbols=" + wanted + ", the texts give only "
                        + merging.symbols.size() + ": more text, or fewer");
            }
            merges.add(letters(best.left) + " " + letters(best.right));
            merging.merge(best);
            progress.at(merging.symbols.size(), wanted);
        }
        return new Result(merging.symbols.stream().map(BytePairTrainer::letters).toList(), List.copyOf(merges));
    }

    private static String letters(String bytes) {
        return ByteLetters.write(bytes.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Two symbols side by side, how often, and in which words; the count that is queued may be out of date. */
    private static final class Pair {
        private final long key;
        private final String left;
        private final String right;
        private long count;
        private int[] words = new int[2];
        private int size;

        Pair(long key, String left, String right) {
            this.key = key;
            this.left = left;
            this.right = right;
        }

        void in(int word, long times) {
            count += times;
            if (size > 0 && words[size - 1] == word) return;
            if (size == words.length) words = Arrays.copyOf(words, 2 * size);
            words[size++] = word;
        }
    }

    private record Queued(Pair pair, long count) {}

    private static final Comparator<Queued> COMMONEST = Comparator.comparingLong(Queued::count)
            .thenComparing(q -> q.pair.left)
            .thenComparing(q -> q.pair.right)
            .reversed();

    /** All words as symbols, and all pairs in them. */
    private final class Merging {
        private final List<String> symbols = new ArrayList<>();
        private final int[][] words = new int[counts.size()][];
        private final int[] times = new int[counts.size()];
        private final Map<Long, Pair> pairs = new HashMap<>();
        private final PriorityQueue<Queued> queue = new PriorityQueue<>(COMMONEST);

        Merging() {
            for (int b = 0; b < 256; b++) symbols.add(String.valueOf((char) b));
            int w = 0;
            for (Map.Entry<String, Integer> e : counts.entrySet()) {
                words[w] = e.getKey().chars().toArray();
                times[w] = e.getValue();
                for (int i = 0; i + 1 < words[w].length; i++) add(words[w][i], words[w][i + 1], w, times[w]);
                w++;
            }
            for (Pair p : pairs.values()) queue.add(new Queued(p, p.count));
        }

        private Pair add(int left, int right, int word, long count) {
            long key = (long) left << 32 | right;
            Pair p = pairs.computeIfAbsent(key, k -> new Pair(k, symbols.get(left), symbols.get(right)));
            p.in(word, count);
            return p;
        }

        Pair next() {
            while (!queue.isEmpty()) {
                Queued q = queue.poll();
                if (q.pair.count == q.count && q.count > 0) return q.pair;
                if (q.pair.count > 0 && q.pair.count < q.count) queue.add(new Queued(q.pair, q.pair.count));
            }
            return null;
        }

        void merge(Pair best) {
            int left = (int) (best.key >>> 32);
            int right = (int) best.key;
            int made = symbols.size();
            symbols.add(best.left + best.right);
            Map<Long, Pair> grown = new HashMap<>();
            for (int i = 0; i < best.size; i++) {
                int word = best.words[i];
                int[] before = words[word];
                int[] after = replaced(before, left, right, made);
                if (after == before) continue; // changed since by another merge
                for (int j = 0; j + 1 < before.length; j++) {
                    pairs.get((long) before[j] << 32 | before[j + 1]).count -= times[word];
                }
                for (int j = 0; j + 1 < after.length; j++) {
                    boolean isNew = after[j] == made || after[j + 1] == made;
                    if (isNew) {
                        Pair p = add(after[j], after[j + 1], word, times[word]);
                        grown.put(p.key, p);
                    } else {
                        pairs.get((long) after[j] << 32 | after[j + 1]).count += times[word];
                    }
                }
                words[word] = after;
            }
            pairs.remove(best.key);
            best.count = 0;
            for (Pair p : grown.values()) queue.add(new Queued(p, p.count));
        }

        private int[] replaced(int[] word, int left, int right, int made) {
            int[] out = null;
            int n = 0;
            for (int i = 0; i < word.length; i++) {
                boolean here = i + 1 < word.length && word[i] == left && word[i + 1] == right;
                if (here && out == null) out = Arrays.copyOf(word, word.length - 1);
                if (out != null) out[n] = here ? made : word[i];
                n++;
                if (here) i++;
            }
            return out == null ? word : Arrays.copyOf(out, n);
        }
    }
}
