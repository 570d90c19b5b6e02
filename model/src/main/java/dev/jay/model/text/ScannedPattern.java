// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

/** A pre-tokenizer's pieces, of which together there is all of the text. */
record ScannedPattern(PreTokenizer scanner) implements Splitting.Pattern {
    @Override
    public void find(byte[] text, int from, int to, Splitting.Parts parts) {
        for (int at = from; at < to; ) {
            int end = scanner.end(text, at, to);
            parts.part(at, end, true);
            at = end;
        }
    }
}
