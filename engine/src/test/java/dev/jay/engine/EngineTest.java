// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.jay.engine.sample.Sampling;
import dev.jay.tensor.kernel.Numerics;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EngineTest {
    private static final Request HELLO = Request.of(0, 9, 6, 13, 13, 16)
            .withSampling(Sampling.GREEDY)
            .withIgnoreEos(true)
            .withMaxTokens(20);

    private static Request force(Request request, int token) {
        return request.withSampling(Sampling.GREEDY.withLogitBias(Map.of(token, 1000f)));
    }

    @Test
    void answersAsManyTokensAsAskedFor() {
        try (EngineRig rig = new EngineRig()) {
            Answer answer = rig.run(HELLO);
            assertThat(answer.finish.reason()).isEqualTo(FinishReason.LENGTH);
            assertThat(answer.ids()).hasSize(20);
            Usage usage = answer.finish.usage();
            assertThat(usage.promptTokens()).isEqualTo(6);
            assertThat(usage.completionTokens()).isEqualTo(20);
            assertThat(usage.promptTokensPerSecond()).isPositive();
            assertThat(usage.decodeTokensPerSecond()).isPositive();
            assertThat(answer.tokens.getFirst().logprob()).isNaN();
        }
    }

    @Test
    void takesWhatIsLeftOfTheContextUnlessTold() {
        try (EngineRig rig = new EngineRig()) {
            Answer answer =
                    rig.run(Request.of(0, 9).withSampling(Sampling.GREEDY).withIgnoreEos(true));
            assertThat(answer.ids()).hasSize(EngineRig.CONTEXT - 2);
            assertThat(answer.finish.reason()).isEqualTo(FinishReason.LENGTH);
        }
    }

    @Test
    void anEndTokenEndsTheAnswerAndIsNotText() {
        try (EngineRig rig = new EngineRig()) {
            Answer answer = rig.run(force(HELLO, LetterTokenizer.END).withIgnoreEos(false));
            assertThat(answer.outcome()).isEqualTo("STOP [1] ''");
            assertThat(rig.run(force(HELLO, 7).withStopTokens(Set.of(7))).outcome())
                    .isEqualTo("STOP [7] ''");
            assertThat(rig.run(force(HELLO, 1).withMaxTokens(3)).outcome()).isEqualTo("LENGTH [1, 1, 1] ''");
        }
    }

    @Test
    void aStopStringIsCutOffAndWhatOnlyLookedLikeOneIsNot() {
        try (EngineRig rig = new EngineRig()) {
            assertThat(rig.run(force(HELLO, 2).withStops("aaa")).outcome()).isEqualTo("STOP [2, 2, 2] ''");
            assertThat(rig.run(force(HELLO, 2).withStops("aab").withMaxTokens(3))
                            .outcome())
                    .isEqualTo("LENGTH [2, 2, 2] 'aaa'");
        }
    }

    @Test
    void aCharacterThatNeverBecameWholeIsMarked() {
        try (EngineRig rig = new EngineRig()) {
            assertThat(rig.run(force(HELLO, 28).withMaxTokens(1)).text).hasToString("\ufffd");
        }
    }

    @Test
    void anEmptyPromptRunsOnBos() {
        try (EngineRig rig = new EngineRig();
                EngineRig none = new EngineRig("first-come", 64, 16, 16, -1, 10)) {
            Request empty = HELLO.withPrompt();
            assertThat(rig.run(empty).outcome())
                    .isEqualTo(rig.run(HELLO.withPrompt(0)).outcome());
            assertThatThrownBy(() -> none.engine.submit(empty, new Answer()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("no BOS token");
        }
    }

    @Test
    void shouldRejectWhenTheContextIsFull() {
        try (EngineRig rig = new EngineRig()) {
            assertThatThrownBy(() -> rig.engine.submit(HELLO.withMaxTokens(59), new Answer()))
                    .isInstanceOfSatisfying(ContextFullException.class, e -> {
                        assertThat(e.promptTokens()).isEqualTo(6);
                        assertThat(e.maxTokens()).isEqualTo(59);
                        assertThat(e.contextLength()).isEqualTo(64);
                    });
            assertThatThrownBy(() -> rig.engine.submit(Request.of(new int[64]), new Answer()))
                    .isInstanceOf(ContextFullException.class)
                    .hasMessageContaining("promptTokens=64, maxTokens=1, needed=65, contextLength=64");
            assertThat(rig.run(HELLO.withMaxTokens(58)).ids()).hasSize(58);
        }
    }

    @Test
    void shouldRejectWhenItCanNeverFit() {
        try (EngineRig rig = new EngineRig("first-come", 8, 16)) {
            Request long32 = HELLO.withMaxTokens(32);
            assertThatThrownBy(() -> rig.engine.submit(long32, new Answer()))
                    .isInstanceOf(NeverFitsException.class)
                    .hasMessageContaining("kv pages=8, needed=10");
            Request exact = HELLO.withMaxTokens(14).withNumerics(Numerics.EXACT);
            assertThatThrownBy(() -> rig.engine.submit(exact, new Answer())).hasMessageContaining("needed=10");
        }
    }

    @Test
    void shouldRejectWhenTheQueueIsFull() {
        try (EngineRig rig = new EngineRig("first-come", 64, 16, 16, 0, 2)) {
            List<Answer> answers = List.of(new Answer(), new Answer());
            for (Answer a : answers) rig.engine.submit(HELLO, a);
            assertThatThrownBy(() -> rig.engine.submit(HELLO, new Answer()))
                    .isInstanceOf(QueueFullException.class)
                    .hasMessageContaining("waiting=2, queueLimit=2");
            rig.engine.step(); // both are let in: there is room again
            rig.engine.submit(HELLO, new Answer());
            rig.drain();
            assertThat(answers).allMatch(a -> a.ids().size() == 20);
        }
    }

    @Test
    void shouldRejectWhenATokenIsNotTheModels() {
        try (EngineRig rig = new EngineRig()) {
            assertThatThrownBy(() -> rig.engine.submit(Request.of(0, 64), new Answer()))
                    .hasMessageContaining("prompt token=64 at place=1, allowed: 0 to 63");
        }
    }

    @Test
    void cancellingTakesEffectAtTheNextStep() {
        try (EngineRig rig = new EngineRig()) {
            Answer answer = new Answer();
            Ticket ticket = rig.engine.submit(HELLO, answer);
            for (int i = 0; i < 3; i++) rig.engine.step();
            ticket.cancel();
            rig.engine.step();
            assertThat(answer.finish.reason()).isEqualTo(FinishReason.CANCELLED);
            assertThat(answer.finish.cause()).isEmpty();
            assertThat(answer.ids()).hasSize(3);
            Answer waiting = new Answer();
            rig.engine.submit(HELLO, waiting).cancel();
            rig.engine.step();
            assertThat(waiting.finish.usage().completionTokens()).isZero();
        }
    }

    @Test
    void aTimeLimitCancelsAndSaysSo() {
        try (EngineRig rig = new EngineRig()) {
            Answer answer = rig.run(HELLO.withTimeLimit(Duration.ofNanos(15_000)));
            assertThat(answer.finish.reason()).isEqualTo(FinishReason.CANCELLED);
            assertThat(answer.finish.cause()).containsInstanceOf(TimeoutException.class);
        }
    }

    @Test
    void aTimeLimitBeyondAllTimeIsNone() {
        try (EngineRig rig = new EngineRig()) {
            String alone = rig.run(HELLO).outcome();
            assertThat(rig.run(HELLO.withTimeLimit(Duration.ofSeconds(Long.MAX_VALUE)))
                            .outcome())
                    .isEqualTo(alone);
        }
    }

    @Test
    void aFailedPassEndsOnlyWhoIsToBlame() {
        try (EngineRig rig = new EngineRig()) {
            String alone = rig.run(HELLO).outcome();
            Answer good = new Answer();
            Answer bad = new Answer();
            Answer nan = new Answer();
            Answer deaf = new Answer();
            deaf.failAfter = 2;
            rig.engine.submit(HELLO, good);
            rig.engine.submit(HELLO.withPrompt(0, HashForward.FAILS), bad);
            rig.engine.submit(HELLO.withPrompt(0, HashForward.NOT_A_NUMBER), nan);
            rig.engine.submit(HELLO, deaf);
            rig.drain();
            assertThat(good.outcome()).isEqualTo(alone);
            assertThat(bad.finish.reason()).isEqualTo(FinishReason.FAILED);
            assertThat(bad.finish.cause().orElseThrow()).hasMessage("poisoned pass");
            assertThat(nan.finish.cause().orElseThrow()).hasMessageContaining("logits are not numbers");
            assertThat(deaf.finish.cause().orElseThrow()).hasMessage("broken sink");
            assertThat(rig.engine.status().failed()).isEqualTo(3);
            assertThat(rig.run(HELLO).outcome()).isEqualTo(alone);
        }
    }

    @Test
    void aReaderThatFallsBehindPausesItsOwnSequenceOnly() {
        try (EngineRig rig = new EngineRig()) {
            String alone = rig.run(HELLO).outcome();
            Answer slow = new Answer();
            slow.room = 3;
            rig.engine.submit(HELLO, slow);
            Answer quick = new Answer();
            rig.engine.submit(HELLO, quick);
            for (int i = 0; i < 40; i++) rig.engine.step();
            assertThat(quick.outcome()).isEqualTo(alone);
            assertThat(slow.pieces).isEqualTo(3);
            assertThat(slow.finish).isNull();
            assertThat(rig.engine.status().paused()).isEqualTo(1);
            slow.room = Integer.MAX_VALUE;
            rig.drain();
            assertThat(slow.outcome()).isEqualTo(alone);
        }
    }

    @Test
    void requestsRunSideBySide() {
        try (EngineRig rig = new EngineRig()) {
            for (int i = 0; i < 4; i++) rig.engine.submit(HELLO, new Answer());
            rig.drain();
            assertThat(rig.forward.widest).isEqualTo(4);
            assertThat(rig.forward.passes).isLessThan(30);
        }
    }

    @Test
    void logprobsAreOfTheModelsOwnDistribution() {
        try (EngineRig rig = new EngineRig()) {
            Answer answer = rig.run(force(HELLO, 7).withMaxTokens(1).withLogprobs(2));
            Choice choice = answer.tokens.getFirst();
            int[] prompt = HELLO.prompt();
            double all = Math.log(IntStream.range(0, HashForward.VOCABULARY)
                    .mapToDouble(t -> Math.exp(HashForward.logit(prompt, 6, t)))
                    .sum());
            assertThat(choice.logprob()).isCloseTo(HashForward.logit(prompt, 6, 7) - all, within(1e-6));
            assertThat(choice.top()).hasSize(2);
            assertThat(choice.top().getFirst().logprob())
                    .isGreaterThanOrEqualTo(choice.top().getLast().logprob());
        }
    }

    @Test
    void aPromptIsScoredWhateverTheRowsOfAPass() {
        int[] prompt = IntStream.range(0, 40).map(i -> i * 7 % 50).toArray();
        Request scored = Request.of(prompt).withMaxTokens(0).withPromptScores(10);
        for (int rows : new int[] {1, 3, 16}) {
            try (EngineRig rig = new EngineRig("first-come", 64, 16, rows, 0, 10)) {
                Answer answer = rig.run(scored);
                assertThat(answer.finish.reason()).isEqualTo(FinishReason.LENGTH);
                assertThat(answer.scores).hasSize(30);
                for (int i = 0; i < 30; i++) {
                    int at = 10 + i;
                    double all = Math.log(IntStream.range(0, HashForward.VOCABULARY)
                            .mapToDouble(t -> Math.exp(HashForward.logit(prompt, at, t)))
                            .sum());
                    assertThat(answer.scores.get(i))
                            .isCloseTo(HashForward.logit(prompt, at, prompt[at]) - all, within(1e-6));
                }
            }
        }
    }

    @Test
    void closingEndsEveryAnswerAndTakesNoMore() {
        Answer running = new Answer();
        Engine engine;
        try (EngineRig rig = new EngineRig()) {
            engine = rig.engine;
            engine.submit(HELLO, running);
            engine.step();
        }
        assertThat(running.finish.reason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(running.finish.cause().orElseThrow()).hasMessageContaining("the model was closed");
        assertThatThrownBy(() -> engine.submit(HELLO, new Answer())).hasMessageContaining("the model is closed");
    }
}
