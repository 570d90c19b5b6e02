// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;

/**
 * Tokens to text as they come, for one text. A character is given out when its last byte is there, so the pieces put
 * together are what decoding all bytes at once gives; malformed bytes become U+FFFD. Confined to one caller at a time.
 */
public final class TextDecoder {
    private final Tokenizer tokenizer;
    private final CharsetDecoder utf8 = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    /** Whether a space at the head of the next bytes is the encoder's and not the text's. */
    private boolean stripSpace;

    private final Set<Integer> written;
    private byte[] pending = {};
    private boolean finished;

    /**
     * @param wholeText true where the tokens begin a text: the space a SentencePiece encoder puts in front is dropped;
     *                  false where they continue a prompt and every space is theirs
     */
    public TextDecoder(Tokenizer tokenizer, boolean wholeText) {
        this(tokenizer, wholeText, Set.of());
    }

    /** @param written control tokens that count as text, as the vocabulary writes them */
    public TextDecoder(Tokenizer tokenizer, boolean wholeText, Set<Integer> written) {
        this.written = written;
        this.tokenizer = tokenizer;
        this.stripSpace = wholeText && tokenizer.addsSpacePrefix();
    }

    /** The characters that this token completes; often one word, empty while a character is open. */
    public String next(int token) {
        if (finished) throw new IllegalStateException("the text is finished: token=" + token + " came after it");
        byte[] bytes = written.contains(token)
                ? tokenizer.piece(token).getBytes(StandardCharsets.UTF_8)
                : tokenizer.bytes(token);
        int from = 0;
        if (stripSpace && bytes.length > 0) {
            stripSpace = false;
            if (bytes[0] == ' ') from = 1;
        }
        if (from == bytes.length) return "";
        byte[] all = Arrays.copyOf(pending, pending.length + bytes.length - from);
        System.arraycopy(bytes, from, all, pending.length, bytes.length - from);
        return decode(all, false);
    }

    /** What is left: U+FFFD for a character that never became whole, else nothing. No token may follow. */
    public String finish() {
        if (finished) return "";
        finished = true;
        return decode(pending, true);
    }

    private String decode(byte[] all, boolean end) {
        ByteBuffer in = ByteBuffer.wrap(all);
        // One char a byte is the most UTF-8 can give, replacements included.
        CharBuffer out = CharBuffer.allocate(all.length + 1);
        utf8.decode(in, out, end);
        if (end) utf8.flush(out);
        pending = Arrays.copyOfRange(all, in.position(), all.length);
        return out.flip().toString();
    }
}
