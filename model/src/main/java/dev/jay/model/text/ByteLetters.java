// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import java.util.Arrays;

/**
 * The alphabet of byte-level vocabularies: every byte is written as one visible character. Bytes that print in Latin-1
 * stand for themselves; the others are U+0100 onwards in order, so a space is U+0120.
 */
public final class ByteLetters {
    private static final char[] LETTERS = new char[256];
    /** Byte + 1 of each letter. */
    private static final short[] BYTES = new short[0x100 + 256];

    static {
        int next = 0x100;
        for (int b = 0; b < 256; b++) {
            boolean prints = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
            LETTERS[b] = (char) (prints ? b : next++);
            BYTES[LETTERS[b]] = (short) (b + 1);
        }
    }

    private ByteLetters() {}

    /** Bytes in letters. */
    public static String write(byte[] bytes) {
        StringBuilder letters = new StringBuilder(bytes.length);
        for (byte b : bytes) letters.append(LETTERS[b & 0xFF]);
        return letters.toString();
    }

    /** Writes {@code from .. to} in letters, as UTF-8, into {@code out} (two bytes each at most); returns their end. */
    static int write(byte[] bytes, int from, int to, byte[] out) {
        int at = 0;
        for (int i = from; i < to; i++) {
            char letter = LETTERS[bytes[i] & 0xFF];
            if (letter < 0x80) {
                out[at++] = (byte) letter;
            } else {
                out[at++] = (byte) (0xC0 | letter >> 6);
                out[at++] = (byte) (0x80 | letter & 0x3F);
            }
        }
        return at;
    }

    /** The bytes that letters stand for. A character that is no letter keeps its own UTF-8. */
    static byte[] read(byte[] letters) {
        byte[] out = new byte[letters.length];
        int at = 0;
        for (int i = 0; i < letters.length; ) {
            int c = Utf8.at(letters, i);
            int length = Utf8.length(letters[i]);
            if (c < BYTES.length && BYTES[c] != 0) {
                out[at++] = (byte) (BYTES[c] - 1);
            } else {
                System.arraycopy(letters, i, out, at, length);
                at += length;
            }
            i += length;
        }
        return Arrays.copyOf(out, at);
    }

    /** The bytes that letters stand for; a text of which any character is no letter stands for itself. */
    static byte[] readWhole(byte[] letters) {
        for (int i = 0; i < letters.length; i += Utf8.length(letters[i])) {
            int c = Utf8.at(letters, i);
            if (c >= BYTES.length || BYTES[c] == 0) return letters.clone();
        }
        return read(letters);
    }
}
