// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.function.Function;

/**
 * Whatever text comes as a schema, an expression or a grammar, it ends in a grammar that can be walked or in a refusal.
 * Runs its stored inputs as a test; fuzzes where {@code JAZZER_FUZZ=1} is set.
 */
class GrammarFuzzTest {
    @FuzzTest(maxDuration = "10m")
    void schema(byte[] text) {
        read(text, Grammar::ofJsonSchema);
    }

    @FuzzTest(maxDuration = "10m")
    void regex(byte[] text) {
        read(text, Grammar::ofRegex);
    }

    @FuzzTest(maxDuration = "10m")
    void gbnf(byte[] text) {
        read(text, Grammar::ofGbnf);
    }

    private static void read(byte[] text, Function<String, Grammar> as) {
        Grammar grammar;
        try {
            grammar = as.apply(new String(text, StandardCharsets.UTF_8));
        } catch (GrammarException e) {
            return;
        }
        Automaton automaton = new Automaton(grammar.network(), 1 << 20);
        Random random = new Random(1);
        GrammarState at = automaton.start();
        for (int i = 0; i < 100 && !at.mustEnd(); i++) {
            GrammarState next = automaton.next(at, random.nextInt(256));
            for (int b = 0; next.isDead() && b < 256; b++) next = automaton.next(at, b);
            if (next.isDead()) throw new AssertionError("a state that leads nowhere: " + grammar);
            at = next;
        }
    }
}
