// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import dev.jay.model.text.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Every byte is a token; then an end, a control token, and texts that straddle whatever a grammar has ends of. */
final class ByteTokenizer implements Tokenizer {
    static final int END = 256;
    static final int CONTROL = 257;

    private final List<byte[]> bytes = new ArrayList<>();

    ByteTokenizer(long seed) {
        for (int i = 0; i < 256; i++) bytes.add(new byte[] {(byte) i});
        bytes.add(new byte[0]);
        bytes.add(new byte[0]);
        String[] texts = {
            "{\"",
            "\":",
            "\": ",
            "\",",
            "\", \"",
            "\"}",
            "\"]",
            "},",
            "}]",
            "]}",
            "[{",
            "[[",
            "]]",
            "}}",
            "[]",
            "{}",
            "true",
            "false",
            "null",
            "tru",
            "nul",
            ", ",
            ",\"",
            "\n  ",
            "\n    ",
            " \"",
            "\\n",
            "\\\"",
            "\\u00",
            "\"\"",
            "name",
            "e\"",
            "12",
            "345",
            "0.",
            "1e",
            "-1",
            "1,",
            "2]",
            "3}",
            "00",
            "2024-",
            "-0",
            "T1",
            ":0",
            "Z\"",
            "@",
            ".com",
            "\u00e9",
            "\ud83d\udc26",
            "\ud83d\udc26\"",
            "ab",
            "abc",
            "the ",
            " the",
            "\"a",
            "\"b",
            "a\":",
            "b\":1",
            "c\":{\"",
            "\u00e9\":"
        };
        for (String text : texts) bytes.add(text.getBytes(StandardCharsets.UTF_8));
        bytes.add(new byte[] {(byte) 0xF0, (byte) 0x9F}); // half a character
        bytes.add(new byte[] {(byte) 0x90, (byte) 0xA6, '"'}); // the other half and more
        bytes.add(new byte[] {(byte) 0xC3});
        bytes.add(bytes.get(300)); // the same text twice
        Random random = new Random(seed);
        String letters = "ab01\",:{}[] .-e\\n";
        for (int i = 0; i < 400; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = 1 + random.nextInt(4); n >= 0; n--)
                text.append(letters.charAt(random.nextInt(letters.length())));
            bytes.add(text.toString().getBytes(StandardCharsets.UTF_8));
        }
    }

    @Override
    public int[] encode(String text, boolean addSpecial, boolean parseSpecial) {
        byte[] of = text.getBytes(StandardCharsets.UTF_8);
        int[] tokens = new int[of.length];
        for (int i = 0; i < of.length; i++) tokens[i] = of[i] & 0xff;
        return tokens;
    }

    @Override
    public byte[] bytes(int token) {
        return bytes.get(token).clone();
    }

    @Override
    public String piece(int token) {
        return token == CONTROL ? "<call>" : new String(bytes(token), StandardCharsets.UTF_8);
    }

    @Override
    public int size() {
        return bytes.size();
    }

    @Override
    public boolean isControl(int token) {
        return token == END || token == CONTROL;
    }

    @Override
    public int bos() {
        return -1;
    }

    @Override
    public int eos() {
        return END;
    }

    @Override
    public Set<Integer> endOfGeneration() {
        return Set.of(END);
    }

    @Override
    public boolean addsSpacePrefix() {
        return false;
    }
}
