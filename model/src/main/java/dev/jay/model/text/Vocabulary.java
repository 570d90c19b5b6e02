// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Metadata;
import dev.jay.model.load.TokenType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The tokens of a model as its file writes them, and which token a text is: all texts in one array of bytes, found by
 * open addressing. Where a text stands twice, the later token is found.
 */
final class Vocabulary {
    private static final String TOKENS = "tokenizer.ggml.tokens";
    private static final String TYPES = "tokenizer.ggml.token_type";

    private static final int MOST_BYTES = Integer.MAX_VALUE - 64;

    /** Token t is written in {@code texts[starts[t] .. starts[t + 1])}. */
    private final byte[] texts;

    private final int[] starts;
    private final byte[] types;
    /** Token + 1, or 0; a power of two, at most half full. */
    private final int[] slots;

    private final int longest;
    /** Unlike in any other run, so that nobody can write texts that all fall into one slot. */
    private final long seed = ThreadLocalRandom.current().nextLong();

    static Vocabulary read(Metadata metadata) {
        List<String> tokens = metadata.strings(TOKENS);
        byte[] types = new byte[tokens.size()];
        Arrays.fill(types, (byte) TokenType.NORMAL);
        if (metadata.has(TYPES)) {
            int[] given = metadata.integers(TYPES);
            if (given.length != types.length) {
                throw new MalformedModelException("reading the vocabulary: " + TYPES + " has " + given.length
                        + " entries for " + types.length + " tokens");
            }
            for (int t = 0; t < types.length; t++) {
                if (given[t] < 0 || given[t] > TokenType.BYTE) {
                    throw new MalformedModelException("reading the vocabulary: " + TYPES + "[" + t + "]=" + given[t]
                            + ", allowed is 0 to " + TokenType.BYTE);
                }
                types[t] = (byte) given[t];
            }
        }
        return new Vocabulary(tokens, types);
    }

    Vocabulary(List<String> tokens, byte[] types) {
        this.types = types;
        starts = new int[tokens.size() + 1];
        byte[] grown = new byte[1024];
        int most = 0;
        for (int t = 0; t < types.length; t++) {
            byte[] text = Utf8.of(tokens.get(t));
            long end = (long) starts[t] + text.length;
            if (end > MOST_BYTES) throw refused(tokens.size(), "more than " + MOST_BYTES);
            if (end > grown.length) grown = Arrays.copyOf(grown, (int) Math.min(MOST_BYTES, 2 * end));
            System.arraycopy(text, 0, grown, starts[t], text.length);
            starts[t + 1] = (int) end;
            most = Math.max(most, text.length);
        }
        if (types.length == 0) throw refused(0, "0");
        texts = Arrays.copyOf(grown, starts[types.length]);
        longest = most;
        slots = new int[Integer.highestOneBit(Math.max(4, types.length)) * 4];
        for (int t = 0; t < types.length; t++) {
            if (starts[t] < starts[t + 1]) slots[slot(texts, starts[t], starts[t + 1])] = t + 1;
        }
    }

    private static MalformedModelException refused(int tokens, String bytes) {
        return new MalformedModelException("reading the vocabulary: tokens=" + tokens + ", bytes=" + bytes
                + ", allowed is 1 token to 2 GiB of text");
    }

    int size() {
        return types.length;
    }

    byte type(int token) {
        return types[token];
    }

    /** What the file calls a plain token, but every model of its family ends a turn with. */
    void makeControl(int token) {
        types[token] = TokenType.CONTROL;
    }

    /** Whether the token may come out of plain text: a control token never does. */
    boolean isPlain(int token) {
        return types[token] != TokenType.CONTROL && types[token] != TokenType.UNKNOWN && types[token] != TokenType.BYTE;
    }

    int length(int token) {
        return starts[token + 1] - starts[token];
    }

    /** Of the longest token, in bytes. */
    int longest() {
        return longest;
    }

    byte byteAt(int token, int place) {
        return texts[starts[token] + place];
    }

    /** By bytes, then by token. */
    int compare(int token, int other) {
        int order = Arrays.compareUnsigned(
                texts, starts[token], starts[token + 1], texts, starts[other], starts[other + 1]);
        return order != 0 ? order : Integer.compare(token, other);
    }

    byte[] bytes(int token) {
        return Arrays.copyOfRange(texts, starts[token], starts[token + 1]);
    }

    String text(int token) {
        return new String(texts, starts[token], starts[token + 1] - starts[token], StandardCharsets.UTF_8);
    }

    /** The token written so, of whatever type, or -1. The empty text is none. */
    int find(byte[] text, int from, int to) {
        if (to - from > longest || from == to) return -1;
        return slots[slot(text, from, to)] - 1;
    }

    int find(String text) {
        byte[] bytes = Utf8.of(text);
        return find(bytes, 0, bytes.length);
    }

    /** The token written so that may come out of plain text, or -1. */
    int findPlain(byte[] text, int from, int to) {
        int token = find(text, from, to);
        return token >= 0 && isPlain(token) ? token : -1;
    }

    /** The slot of the text, or the free one where it would go. */
    private int slot(byte[] text, int from, int to) {
        long h = seed;
        for (int i = from; i < to; i++) {
            h = (h ^ text[i]) * 0x9E3779B97F4A7C15L;
            h ^= h >>> 29; // high bits come down, so that no two texts collide under every seed
        }
        h *= 0xFF51AFD7ED558CCDL;
        int mask = slots.length - 1;
        for (int s = (int) (h >>> 32) & mask; ; s = s + 1 & mask) {
            int t = slots[s] - 1;
            if (t < 0 || Arrays.equals(texts, starts[t], starts[t + 1], text, from, to)) return s;
        }
    }
}
