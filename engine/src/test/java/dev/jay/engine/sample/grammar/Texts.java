// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/** Texts held against grammars, and made under them. */
final class Texts {
    static final ByteTokenizer TOKENIZER = new ByteTokenizer(1);
    static final TokenTrie TRIE = TokenTrie.of(TOKENIZER, Set.of());
    private static final int MOST_TOKENS = 600;

    private Texts() {}

    static boolean allows(Grammar grammar, String text) {
        Automaton automaton = new Automaton(grammar.network(), 1 << 20);
        GrammarState at = automaton.start();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) at = automaton.next(at, b & 0xff);
        return at.mayEnd();
    }

    /** Random tokens of those allowed, with a leaning to end; empty where it came to no end. Holds each mask against bytes. */
    static Optional<String> made(GrammarMasks masks, Grammar grammar, Random random, boolean check) {
        Constraint constraint = new Constraint(masks);
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (int n = 0; n < MOST_TOKENS; n++) {
            TokenMask mask = constraint.mask();
            if (check && random.nextInt(4) == 0) check(grammar, constraint.state(), mask);
            if (constraint.state().mustEnd()) return Optional.of(text.toString(StandardCharsets.UTF_8));
            boolean end = mask.allows(ByteTokenizer.END);
            if (end && random.nextInt(3) == 0) return Optional.of(text.toString(StandardCharsets.UTF_8));
            int[] tokens = mask.tokens();
            int token = ByteTokenizer.END;
            for (int tries = 0; tries < 20 && (token == ByteTokenizer.END || tries < n / 40); tries++) {
                int drawn = tokens[random.nextInt(tokens.length)];
                boolean closes = closes(drawn);
                if (drawn != ByteTokenizer.END && (token == ByteTokenizer.END || closes)) token = drawn;
                if (closes && n > 40) break;
            }
            if (token == ByteTokenizer.END) return Optional.of(text.toString(StandardCharsets.UTF_8));
            constraint.accept(token);
            text.writeBytes(TOKENIZER.bytes(token));
        }
        return Optional.empty();
    }

    private static boolean closes(int token) {
        byte[] bytes = TOKENIZER.bytes(token);
        return bytes.length > 0 && "\"}]".indexOf(bytes[0]) >= 0;
    }

    /** The mask is what stepping through every token's bytes says. */
    static void check(Grammar grammar, GrammarState state, TokenMask mask) {
        Automaton plain =
                new Automaton(grammar.network(), Long.MAX_VALUE); // remembers nothing of what was asked before
        GrammarState from = plain.like(state);
        int count = 0;
        for (int t = 0; t < TOKENIZER.size(); t++) {
            GrammarState at = from;
            for (byte b : TOKENIZER.bytes(t)) at = plain.next(at, b & 0xff);
            boolean allowed = t == ByteTokenizer.END ? state.mayEnd() : TOKENIZER.bytes(t).length > 0 && !at.isDead();
            if (allowed) count++;
            if (allowed != mask.allows(t)) {
                throw new AssertionError("token " + t + " '" + TOKENIZER.piece(t) + "': allowed=" + allowed + ", mask="
                        + mask.allows(t) + ", in " + grammar.source());
            }
        }
        if (count != mask.count() || count != mask.tokens().length) throw new AssertionError("count=" + mask.count());
    }
}
