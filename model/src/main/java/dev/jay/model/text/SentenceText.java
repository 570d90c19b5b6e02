// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Metadata;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * How SentencePiece writes a text before it makes pieces of it: characters replaced by the model's table, spaces as
 * U+2581 with one in front, and if asked none doubled or at the ends.
 */
final class SentenceText {
    private static final byte[] SPACE = {(byte) 0xE2, (byte) 0x96, (byte) 0x81};
    private static final String TABLE = "tokenizer.ggml.precompiled_charsmap";

    /** Null: nothing is replaced. */
    private final CharacterMap map;

    private final boolean prefix;
    private final boolean removesExtra;

    private SentenceText(CharacterMap map, boolean prefix, boolean removesExtra) {
        this.map = map;
        this.prefix = prefix;
        this.removesExtra = removesExtra;
    }

    static SentenceText read(Metadata metadata) {
        return new SentenceText(
                map(metadata),
                metadata.flag("tokenizer.ggml.add_space_prefix", true),
                metadata.flag("tokenizer.ggml.remove_extra_whitespaces", false));
    }

    private static CharacterMap map(Metadata metadata) {
        if (!metadata.has(TABLE)) return null;
        int[] values = metadata.integers(TABLE);
        if (values.length == 0) return null;
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) values[i];
        try {
            return new CharacterMap(bytes);
        } catch (IllegalArgumentException e) {
            throw new MalformedModelException("reading the vocabulary: " + TABLE + " is " + e.getMessage());
        }
    }

    boolean addsSpacePrefix() {
        return prefix;
    }

    /** @param first whether a space goes in front, where the model has one there */
    byte[] write(byte[] text, int from, int to, boolean first) {
        if (map == null && !removesExtra) return escaped(text, from, to, prefix && first);
        Writer out = new Writer(prefix && first, (to - from) + 16);
        for (int at = from; at < to; ) {
            CharacterMap.Match match = map == null ? null : map.longest(text, at, to);
            if (match != null) {
                byte[] replacement = match.replacement().getBytes(StandardCharsets.UTF_8);
                out.add(replacement, 0, replacement.length);
                at += match.length();
                BoundedText.check(out.length(), to - from);
            } else {
                int next = at + Utf8.length(text[at]);
                out.add(text, at, next);
                at = next;
            }
        }
        return out.finish();
    }

    private static byte[] escaped(byte[] text, int from, int to, boolean prefix) {
        int spaces = prefix ? 1 : 0;
        for (int i = from; i < to; i++) if (text[i] == ' ') spaces++;
        byte[] escaped = new byte[Math.addExact(to - from, (prefix ? 1 : 0) + Math.multiplyExact(2, spaces))];
        int at = 0;
        for (int i = prefix ? from - 1 : from; i < to; i++) {
            if (i < from || text[i] == ' ') {
                System.arraycopy(SPACE, 0, escaped, at, 3);
                at += 3;
            } else {
                escaped[at++] = text[i];
            }
        }
        return escaped;
    }

    /** Spaces wait until something stands behind them, where those at the end are to go. */
    private final class Writer {
        private final ByteArrayOutputStream out;
        private boolean wantsPrefix;
        private boolean afterSpace = removesExtra;
        private boolean spaceWaits;

        Writer(boolean wantsPrefix, int room) {
            this.wantsPrefix = wantsPrefix;
            this.out = new ByteArrayOutputStream(room);
            if (!removesExtra) front();
        }

        int length() {
            return out.size();
        }

        private void front() {
            if (wantsPrefix) out.writeBytes(SPACE);
            wantsPrefix = false;
        }

        /** What one step of replacing gave: one character of the text, or what stands for several. */
        void add(byte[] bytes, int from, int to) {
            int at = from;
            while (removesExtra && afterSpace && at < to && bytes[at] == ' ') at++;
            for (; at < to; at++) {
                if (bytes[at] == ' ' && removesExtra && at == to - 1) {
                    spaceWaits = true;
                } else if (bytes[at] == ' ') {
                    flush();
                    out.writeBytes(SPACE);
                } else {
                    flush();
                    out.write(bytes[at]);
                }
                afterSpace = bytes[at] == ' ';
            }
        }

        private void flush() {
            front();
            if (spaceWaits) out.writeBytes(SPACE);
            spaceWaits = false;
        }

        /** What was written, without marks of spaces at its end where they are to go, be they the text's own. */
        byte[] finish() {
            byte[] all = out.toByteArray();
            int to = all.length;
            while (removesExtra && endsWithSpace(all, to)) to -= SPACE.length;
            return Arrays.copyOf(all, to);
        }

        private static boolean endsWithSpace(byte[] text, int to) {
            int from = to - SPACE.length;
            return from >= 0 && Arrays.equals(text, from, to, SPACE, 0, SPACE.length);
        }
    }
}
