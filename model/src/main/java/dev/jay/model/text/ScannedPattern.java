// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

/** A pre-tokenizer's pieces, of which together there is all of the text. */
record ScannedPattern(PreTokenizer cuts) implements Splitting.Pattern {
    @Override
    public void find(byte[] text, int from, int to, Splitting.Parts parts) {
        int[] open = {from};
        cuts.cut(text, from, to, end -> {
            parts.part(open[0], end, true);
            open[0] = end;
        });
    }
}
