// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.jay.engine.sample.Sampling;
import dev.jay.engine.sample.grammar.Grammar;
import dev.jay.tensor.Shared;
import dev.jay.tensor.kernel.Cpu;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A real model, which knows nothing of JSON, under grammars. */
class StructuredAnswersTest {
    private static final String SCHEMA = """
        {"type": "object", "required": ["name", "age", "likes"], "additionalProperties": false, "properties": {
          "name": {"type": "string", "maxLength": 12},
          "age": {"type": "integer", "minimum": 1, "maximum": 99},
          "born": {"type": "string", "format": "date"},
          "likes": {"type": "array", "minItems": 1, "maxItems": 3, "items": {"enum": ["birds", "b\\u00e9es"]}}}}\
        """;
    private static Model model;

    @BeforeAll
    static void open() throws IOException {
        model = Model.open(
                Shared.data("0-stories260K/stories260K.gguf"),
                ModelOptions.defaults()
                        .withContextLength(512)
                        .withParallel(8)
                        .withThreads(1)
                        .withCpu(Cpu.SCALAR));
    }

    @AfterAll
    static void close() {
        if (model != null) model.close();
    }

    private static Request request(Sampling sampling, Grammar grammar) {
        return Request.of(model.tokenize("Once upon a time"))
                .withSampling(sampling)
                .withMaxTokens(400)
                .withGrammar(grammar);
    }

    @Test
    void answersShouldSatisfyTheirSchemaHoweverTokensAreChosen() {
        Schema oracle = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                .getSchema(SCHEMA);
        Grammar grammar = Grammar.ofJsonSchema(SCHEMA);
        List<Generation> all = new ArrayList<>();
        all.add(model.generate(request(Sampling.GREEDY, grammar)));
        for (int seed = 0; seed < 7; seed++) {
            Sampling sampling = (seed % 2 == 0 ? Sampling.DEFAULT : Sampling.PLAIN.withTemperature(2)).withSeed(seed);
            all.add(model.generate(request(sampling, grammar)));
        }
        for (Generation each : all) {
            String text = each.text();
            assertThat(each.finishReason()).as(text).isEqualTo(FinishReason.STOP);
            assertThat(oracle.validate(text, InputFormat.JSON)).as(text).isEmpty();
            each.close();
        }
    }

    @Test
    void anAnswerShouldEndWhereItMustAndOnlyWhereItMay() {
        try (Generation answer = model.generate(
                request(Sampling.GREEDY, Grammar.ofRegex("( [a-z]+){5}\\.")).withIgnoreEos(true))) {
            assertThat(answer.text()).matches("( [a-z]+){5}\\.");
            assertThat(answer.finishReason()).isEqualTo(FinishReason.STOP);
        }
        Grammar counted = Grammar.ofGbnf("root ::= (\" the\" | \" a\"){40}");
        try (Generation cut = model.generate(request(Sampling.GREEDY, counted).withMaxTokens(10))) {
            assertThat(cut.text()).matches("( the| a)+( |t|h)*");
            assertThat(cut.finishReason()).isEqualTo(FinishReason.LENGTH);
        }
    }

    @Test
    void penaltiesAndBiasesShouldWorkWithinTheGrammar() {
        Sampling sampling = Sampling.GREEDY.withRepetitionPenalty(5).withLogitBias(Map.of(5, 50f));
        try (Generation answer = model.generate(request(sampling, Grammar.ofRegex("(yes|no){3}")))) {
            assertThat(answer.text()).matches("(yes|no){3}");
        }
    }
}
