// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * SentencePiece's compiled replacements: the length of a double-array trie (Aoe 1989) in bytes, the trie's units of 32
 * bits, then the replacements, each ended by a zero byte; a trie's value is where a replacement begins. Every index is
 * held against its array, so a broken table finds nothing.
 */
final class CharacterMap {
    private static final int LEAF = 1 << 31;

    private final int[] units;
    private final byte[] replacements;

    /** @throws IllegalArgumentException where the lengths do not fit */
    CharacterMap(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        long size = in.remaining() < 4 ? -1 : Integer.toUnsignedLong(in.getInt());
        if (size < 4 || size % 4 != 0 || size > in.remaining()) {
            throw new IllegalArgumentException("a trie of " + size + " bytes in a table of " + bytes.length);
        }
        units = new int[(int) size / 4];
        in.asIntBuffer().get(units);
        in.position(4 + (int) size);
        replacements = new byte[in.remaining()];
        in.get(replacements);
    }

    private static int offset(int unit) {
        return unit >>> 10 << ((unit & 1 << 9) >>> 6);
    }

    /** The replacement of the shortest entry that begins a text, or null. */
    String shortest(byte[] text) {
        Match match = find(text, 0, text.length, false);
        return match == null ? null : match.replacement;
    }

    /** An entry that was found: how many bytes of the text it takes, and what replaces them. */
    record Match(int length, String replacement) {}

    /** The longest entry that begins at a place, or null. */
    Match longest(byte[] text, int from, int to) {
        return find(text, from, to, true);
    }

    private Match find(byte[] text, int from, int to, boolean longest) {
        Match best = null;
        int at = offset(units[0]);
        for (int i = from; i < to; i++) {
            int b = text[i] & 0xFF;
            at ^= b;
            if (b == 0 || at < 0 || at >= units.length || (units[at] & (LEAF | 0xFF)) != b) break;
            int unit = units[at];
            at ^= offset(unit);
            if ((unit >>> 8 & 1) == 0) continue;
            if (at < 0 || at >= units.length) break;
            String replacement = replacement(units[at] & ~LEAF);
            if (replacement == null) break;
            best = new Match(i + 1 - from, replacement);
            if (!longest) break;
        }
        return best;
    }

    private String replacement(int from) {
        if (from >= replacements.length) return null;
        int to = from;
        while (to < replacements.length && replacements[to] != 0) to++;
        if (to - from > BoundedText.MOST_REPLACEMENT) return null;
        return new String(replacements, from, to - from, StandardCharsets.UTF_8);
    }
}
