// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.engine.Request;
import dev.jay.engine.sample.Sampling;
import dev.jay.tensor.kernel.Numerics;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** How an answer is made: its length and how each token is chosen. */
final class AnswerArguments {
    @ArgGroup(validate = false, heading = "%nHow the answer is made:%n")
    private final Answer answer = new Answer();

    @ArgGroup(validate = false, heading = "%nHow each token is chosen:%n")
    private final Choosing choosing = new Choosing();

    static final class Answer {
        @Option(
                names = "--max-tokens",
                paramLabel = "N",
                converter = Values.Count.class,
                description = "The most tokens of the answer (what is left of the context).")
        private Integer maxTokens;

        @Option(
                names = "--stop",
                paramLabel = "S",
                description = "A text that ends the answer; may be given several times.")
        private List<String> stops = new ArrayList<>();

        @Option(
                names = "--numerics",
                paramLabel = "exact|fast",
                description = "exact: reproducible bit for bit; fast: kernels chosen for speed (fast).")
        private Numerics numerics;
    }

    static final class Choosing {
        @Option(
                names = {"-t", "--temperature"},
                paramLabel = "T",
                converter = Values.Temperature.class,
                description = "0: always the likeliest token (0.8).")
        private Double temperature;

        @Option(
                names = "--top-k",
                paramLabel = "K",
                converter = Values.NotNegative.class,
                description = "Only the K likeliest tokens; 0: all (40).")
        private Integer topK;

        @Option(
                names = "--top-p",
                paramLabel = "P",
                converter = Values.Fraction.class,
                description = "The fewest tokens whose probabilities sum to P; 1: all (0.95).")
        private Double topP;

        @Option(
                names = "--min-p",
                paramLabel = "P",
                converter = Values.Fraction.class,
                description = "Only tokens at least P as likely as the likeliest; 0: all (0.05).")
        private Double minP;

        @Option(
                names = "--repeat-penalty",
                paramLabel = "R",
                converter = Values.Positive.class,
                description = "Divides the logits of tokens seen lately; 1: none (1).")
        private Double repeatPenalty;

        @Option(
                names = "--presence-penalty",
                paramLabel = "R",
                converter = Values.Penalty.class,
                description = "Taken from the logits of tokens seen lately (0).")
        private Double presencePenalty;

        @Option(
                names = "--frequency-penalty",
                paramLabel = "R",
                converter = Values.Penalty.class,
                description = "Taken from the logits of tokens each time they were seen lately (0).")
        private Double frequencyPenalty;

        @Option(names = "--seed", paramLabel = "S", description = "The same seed gives the same answer (drawn anew).")
        private Long seed;
    }

    Sampling sampling() {
        Sampling s = Sampling.DEFAULT;
        if (choosing.temperature != null) s = s.withTemperature(choosing.temperature);
        if (choosing.topK != null) s = s.withTopK(choosing.topK);
        if (choosing.topP != null) s = s.withTopP(choosing.topP);
        if (choosing.minP != null) s = s.withMinP(choosing.minP);
        if (choosing.repeatPenalty != null) s = s.withRepetitionPenalty(choosing.repeatPenalty);
        if (choosing.presencePenalty != null) s = s.withPresencePenalty(choosing.presencePenalty);
        if (choosing.frequencyPenalty != null) s = s.withFrequencyPenalty(choosing.frequencyPenalty);
        if (choosing.seed != null) s = s.withSeed(choosing.seed);
        return s;
    }

    Numerics numerics() {
        return answer.numerics == null ? Numerics.FAST : answer.numerics;
    }

    /** Null where the command line names none. */
    Integer maxTokens() {
        return answer.maxTokens;
    }

    List<String> stops() {
        return answer.stops == null ? List.of() : answer.stops;
    }

    Request request(int... prompt) {
        Request request = Request.of(prompt)
                .withSampling(sampling())
                .withNumerics(numerics())
                .withStops(stops());
        return maxTokens() == null ? request : request.withMaxTokens(maxTokens());
    }
}
