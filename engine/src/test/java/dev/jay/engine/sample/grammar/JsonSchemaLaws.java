// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever comes out under a schema satisfies it, as an independent validator says. */
class JsonSchemaLaws {
    private static final SchemaRegistry REGISTRY =
            SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
    private static final int SCHEMAS = Integer.getInteger("jay.schemas", 250);

    static List<Error> errors(String schema, String text) {
        Schema oracle = REGISTRY.getSchema(schema);
        return oracle.validate(text, InputFormat.JSON, c -> c.executionConfig(e -> e.formatAssertionsEnabled(true)));
    }

    @Test
    void whatIsMadeUnderRandomSchemasShouldSatisfyThem() {
        int made = 0;
        int refused = 0;
        for (int seed = 0; seed < SCHEMAS; seed++) {
            String schema = new RandomSchema(seed).text();
            Grammar grammar;
            try {
                grammar = Grammar.ofJsonSchema(schema);
            } catch (GrammarException e) {
                refused++;
                assertThat(e.getMessage()).as(schema).containsAnyOf("oneOf", "allows no text", "minProperties", "enum");
                continue;
            }
            Random random = new Random(seed);
            GrammarMasks masks = new GrammarMasks(grammar, Texts.TRIE, 1 << 20);
            for (int i = 0; i < 6; i++) {
                Optional<String> text = Texts.made(masks, grammar, random, i == 0);
                if (text.isEmpty()) continue;
                made++;
                assertThat(errors(schema, text.get()))
                        .as("seed %s, schema %s, text %s", seed, schema, text.get())
                        .isEmpty();
                assertThat(Texts.allows(grammar, text.get())).isTrue();
            }
        }
        assertThat(made).as("texts; schemas refused: %s", refused).isGreaterThan(3 * SCHEMAS);
        assertThat(refused).isLessThan(SCHEMAS / 4);
    }
}
