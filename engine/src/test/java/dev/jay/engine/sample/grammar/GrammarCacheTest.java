// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GrammarCacheTest {
    @Test
    void shouldFindWhatWasAskedBefore() {
        GrammarCache cache = new GrammarCache(Texts.TOKENIZER);
        GrammarMasks first = cache.masks(Grammar.ofRegex("a+"), Set.of());
        assertThat(cache.masks(Grammar.ofRegex("a+"), Set.of())).isSameAs(first);
        assertThat(cache.masks(Grammar.ofRegex("a+"), Set.of(ByteTokenizer.CONTROL)))
                .isNotSameAs(first);
        assertThat(cache.masks(Grammar.ofGbnf("root ::= \"a\"+"), Set.of())).isNotSameAs(first);
    }

    @Test
    void shouldStayWithinItsBytesWhateverComes() {
        GrammarCache cache = new GrammarCache(Texts.TOKENIZER);
        for (int i = 0; i < 40; i++) {
            String schema = "{\"type\":\"string\",\"minLength\":" + i + ",\"maxLength\":" + (9000 + i) + "}";
            Grammar grammar = Grammar.ofJsonSchema(schema);
            Texts.made(cache.masks(grammar, Set.of()), grammar, new Random(i), false);
            assertThat(cache.heapBytes()).isLessThan(32L << 20);
        }
    }
}
