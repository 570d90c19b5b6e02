// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Metadata;
import dev.jay.model.load.TokenType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * SentencePiece's unigram model (Kudo 2018, Subword regularization, section 3.1): of all ways to write a piece as tokens
 * the one whose scores sum to most, found by Viterbi's algorithm; time is the length of the piece times that of the
 * longest token. A character without a token costs more than any token; a run of such is one unknown token, or the tokens
 * of its bytes where the model has them.
 */
final class UnigramLattice implements PieceCoding {
    private static final double UNKNOWN_COST = 10;
    private static final int MOST_TOKEN_BYTES = 4096; // real ones stay below 200

    private final Vocabulary vocabulary;
    private final TokenPrefixes prefixes;
    private final float[] scores;
    private final double unknownScore;
    private final int unknown;
    /** The token of each byte, or null: no falling back. */
    private final int[] byteTokens;
    /** Whether sums are rounded to 32 bits, as SentencePiece's own are. */
    private final boolean single;

    UnigramLattice(Vocabulary vocabulary, float[] given, int unknown, boolean byteFallback, boolean single) {
        this.vocabulary = vocabulary;
        this.unknown = unknown;
        this.single = single;
        if (given.length != vocabulary.size() || vocabulary.longest() > MOST_TOKEN_BYTES) {
            throw new MalformedModelException("reading the vocabulary: scores=" + given.length + ", tokens="
                    + vocabulary.size() + ", longest token=" + vocabulary.longest()
                    + " bytes; wanted as many scores as tokens, and none longer than " + MOST_TOKEN_BYTES);
        }
        scores = given.clone();
        prefixes = new TokenPrefixes(vocabulary);
        byteTokens = byteFallback ? ByteTokens.of(vocabulary) : null;
        float least = Float.POSITIVE_INFINITY;
        float most = Float.NEGATIVE_INFINITY;
        for (int t = 0; t < scores.length; t++) {
            if (single && vocabulary.type(t) != TokenType.NORMAL) continue;
            least = Math.min(least, scores[t]);
            most = Math.max(most, scores[t]);
        }
        unknownScore = single ? (float) (least - UNKNOWN_COST) : least - UNKNOWN_COST;
        for (int t = 0; single && t < scores.length; t++) {
            // a token that a user defined beats all others of its length
            if (vocabulary.type(t) == TokenType.USER_DEFINED) {
                String text = vocabulary.text(t);
                scores[t] = (float) (text.getBytes(StandardCharsets.UTF_8).length * most - 0.1);
            }
        }
    }

    static PieceCoding of(PipelinePart model, Vocabulary vocabulary, int unknown, Metadata metadata) {
        float[] all = metadata.reals("tokenizer.ggml.scores");
        return new UnigramLattice(
                vocabulary, Arrays.copyOf(all, vocabulary.size()), unknown, model.flag("byte_fallback", false), false);
    }

    @Override
    public void encode(byte[] text, int from, int to, TokenList out) {
        Path path = new Path(to - from);
        for (int at = 0; at < to - from; at += Utf8.length(text[from + at])) {
            int one = at + Utf8.length(text[from + at]);
            double till = path.scores[at];
            int start = at;
            boolean[] covered = new boolean[1];
            prefixes.find(text, from + at, to, (token, end) -> {
                if (vocabulary.type(token) == TokenType.UNUSED) return;
                path.offer(start, end - from, token, sum(till, scores[token]));
                covered[0] |= end - from == one;
            });
            if (!covered[0]) path.offer(at, one, -1, sum(till, unknownScore));
        }
        write(path, text, from, to, out);
    }

    private double sum(double a, double b) {
        return single ? (float) a + (float) b : a + b;
    }

    /** The best way to every place: its score, its last token (-1: unknown), and where that begins (-1: no way). */
    private static final class Path {
        final double[] scores;
        final int[] tokens;
        final int[] begins;

        Path(int length) {
            scores = new double[length + 1];
            tokens = new int[length + 1];
            begins = new int[length + 1];
            Arrays.fill(begins, -1);
        }

        void offer(int from, int to, int token, double score) {
            if (begins[to] >= 0 && score <= scores[to]) return;
            scores[to] = score;
            tokens[to] = token;
            begins[to] = from;
        }
    }

    private void write(Path path, byte[] text, int from, int to, TokenList out) {
        // turns the way round: from where a token begins to where it ends
        int[] ends = new int[to - from + 1];
        for (int at = to - from; at > 0; at = path.begins[at]) ends[path.begins[at]] = at;
        for (int at = 0; at < to - from; ) {
            int end = ends[at];
            if (path.tokens[end] >= 0) {
                out.add(path.tokens[end]);
            } else {
                while (end < to - from && path.tokens[ends[end]] < 0) end = ends[end];
                unknown(text, from + at, from + end, out);
            }
            at = end;
        }
    }

    private void unknown(byte[] text, int from, int to, TokenList out) {
        if (ByteTokens.cover(byteTokens, text, from, to)) {
            for (int i = from; i < to; i++) out.add(byteTokens[text[i] & 0xFF]);
        } else if (unknown >= 0) {
            out.add(unknown);
        } else {
            throw new IllegalArgumentException("encoding: the vocabulary has no token for "
                    + MalformedModelException.shown(Utf8.text(text, from, to)) + " and no unknown token");
        }
    }
}
