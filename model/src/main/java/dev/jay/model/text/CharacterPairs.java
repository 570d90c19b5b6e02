// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Metadata;
import java.util.Arrays;

/**
 * Byte-pair encoding within a piece, from characters up, as a tokenizer.json describes it. A character that is no token
 * falls to the tokens of its bytes where the model has them, else to the unknown token, else to nothing.
 */
final class CharacterPairs implements PieceCoding {
    private final Vocabulary vocabulary;
    private final MergeTable merges;
    /** The token of each byte, or null: no falling back. */
    private final int[] byteTokens;

    private final int unknown;
    private final boolean fusesUnknown;
    private final boolean takesWholeTokens;
    private final byte[] continuing;
    private final byte[] ending;

    CharacterPairs(PipelinePart model, Vocabulary vocabulary, int unknown, Metadata metadata) {
        this.vocabulary = vocabulary;
        this.unknown = unknown;
        double dropout = model.json().path("dropout").asDouble(0);
        if (dropout != 0) throw model.wrong("merges at random, which is not supported: dropout=" + dropout);
        fusesUnknown = model.flag("fuse_unk", false);
        takesWholeTokens = model.flag("ignore_merges", false);
        String prefix = model.optionalText("continuing_subword_prefix").orElse("");
        continuing = Utf8.of(prefix);
        ending = Utf8.of(model.optionalText("end_of_word_suffix").orElse(""));
        merges = new MergeTable(vocabulary, metadata.strings("tokenizer.ggml.merges"), prefix.length());
        if (merges.otherCount() > 0) {
            throw new MalformedModelException("reading the vocabulary: the merges of " + model.path() + " name "
                    + merges.otherCount() + " texts that are no tokens");
        }
        byteTokens = model.flag("byte_fallback", false) ? ByteTokens.of(vocabulary) : null;
    }

    @Override
    public void encode(byte[] text, int from, int to, TokenList out) {
        int whole = takesWholeTokens ? vocabulary.findPlain(text, from, to) : -1;
        if (whole >= 0) {
            out.add(whole);
            return;
        }
        PairMerger pairs = new PairMerger(merges);
        pairs.begin(to - from);
        boolean afterUnknown = false;
        for (int i = from; i < to; ) {
            int next = i + Utf8.length(text[i]);
            int token = symbol(text, from, i, next, to);
            boolean lost = token < 0;
            if (!lost) {
                pairs.add(token);
            } else if (ByteTokens.cover(byteTokens, text, i, next)) {
                for (int b = i; b < next; b++) pairs.add(byteTokens[text[b] & 0xFF]);
                lost = false;
            } else if (unknown >= 0 && !(afterUnknown && fusesUnknown)) {
                pairs.add(unknown);
            }
            afterUnknown = lost;
            i = next;
        }
        pairs.merge();
        for (int i = 0; i < pairs.count(); i = pairs.next(i)) out.add(pairs.symbol(i));
    }

    /** The token of a character, marked where it goes on with a piece and where it ends one; or -1. */
    private int symbol(byte[] text, int from, int at, int next, int to) {
        boolean marked = at > from && continuing.length > 0 || next == to && ending.length > 0;
        if (!marked) return vocabulary.findPlain(text, at, next);
        byte[] front = at > from ? continuing : new byte[0];
        byte[] behind = next == to ? ending : new byte[0];
        byte[] all = Arrays.copyOf(front, front.length + next - at + behind.length);
        System.arraycopy(text, at, all, front.length, next - at);
        System.arraycopy(behind, 0, all, front.length + next - at, behind.length);
        return vocabulary.findPlain(all, 0, all.length);
    }
}
