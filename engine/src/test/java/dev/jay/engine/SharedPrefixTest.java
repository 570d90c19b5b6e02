// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.engine.sample.Sampling;
import dev.jay.tensor.kernel.Numerics;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What begins alike is computed once, whenever it arrives; who may not share does not. */
class SharedPrefixTest {
    private static final int PREFIX = 40;

    private static Request request(int... own) {
        int[] prompt = IntStream.concat(IntStream.range(0, PREFIX).map(i -> 2 + i * 11 % 50), IntStream.of(own))
                .toArray();
        return Request.of(prompt)
                .withSampling(Sampling.GREEDY)
                .withIgnoreEos(true)
                .withMaxTokens(5);
    }

    private static List<Answer> submit(EngineRig rig, int clients) {
        List<Answer> answers = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            answers.add(new Answer());
            rig.engine.submit(request(3 + i, 9), answers.getLast());
        }
        return answers;
    }

    @Test
    void whatArrivesColdTogetherIsComputedOnce() {
        for (String policy : List.of("first-come", "shortest-first")) {
            try (EngineRig rig = new EngineRig(policy, 64, 16)) {
                List<Answer> answers = submit(rig, 8);
                rig.drain();
                // the prefix once, two tokens of their own, and all but the last of the answers
                assertThat(rig.forward.tokensRun).isEqualTo(PREFIX + 8 * 2 + 8 * 4);
                for (int i = 0; i < 8; i++) {
                    Usage usage = answers.get(i).finish.usage();
                    assertThat(usage.reusedTokens()).isEqualTo(i == 0 ? 0 : PREFIX);
                    try (EngineRig alone = new EngineRig()) {
                        assertThat(answers.get(i).outcome())
                                .isEqualTo(alone.run(request(3 + i, 9)).outcome());
                    }
                }
            }
        }
    }

    @Test
    void thePrefixOfManyIsCountedOnceWhenTheyAreLetIn() {
        // 12 pages for one alone; 10 shared and 2 each
        try (EngineRig rig = new EngineRig("first-come", 10 + 2 * 8, 16)) {
            submit(rig, 8);
            int widest = 0;
            while (!rig.engine.isIdle()) {
                rig.engine.step();
                widest = Math.max(widest, rig.engine.status().running());
            }
            assertThat(widest).isEqualTo(8);
        }
    }

    @Test
    void anAnswerOfSomebodyElseIsTakenOnWhereItIsThePrompt() {
        try (EngineRig rig = new EngineRig()) {
            Answer first = rig.run(request(3, 9));
            int[] more = IntStream.concat(
                            IntStream.of(request(3, 9).prompt()),
                            first.ids().stream().mapToInt(i -> i))
                    .toArray();
            Answer second = rig.run(request().withPrompt(more));
            assertThat(second.finish.usage().reusedTokens()).isEqualTo(more.length - 1);
        }
    }

    @Test
    void identicalPromptsShareAllButTheirLastToken() {
        try (EngineRig rig = new EngineRig("first-come", 64, 16)) {
            Request one = request(3).withSampling(Sampling.DEFAULT.withSeed(1));
            for (int i = 0; i < 4; i++) {
                rig.engine.submit(one.withSampling(Sampling.DEFAULT.withSeed(i)), new Answer());
            }
            rig.drain();
            assertThat(rig.forward.tokensRun).isEqualTo(PREFIX + 1 + 3 + 4 * 4);
        }
    }

    @Test
    void tenantsNumericsAndThoseWhoAskNotToShareNothing() {
        List<Request> others = List.of(
                request(3).withTenant("other"),
                request(3).withNumerics(Numerics.EXACT),
                request(3).withAdapters(SomeAdapters.mix(1)),
                request(3).withSharing(false));
        for (Request other : others) {
            try (EngineRig rig = new EngineRig("first-come", 128, 16)) {
                rig.run(request(3));
                rig.engine.submit(request(3), new Answer());
                Answer answer = rig.run(other);
                assertThat(answer.finish.usage().reusedTokens()).isZero();
                if (!other.isShared()) {
                    assertThat(rig.run(other).finish.usage().reusedTokens()).isZero();
                }
            }
        }
    }

    @Test
    void whoWaitsForAPrefixGoesOnWhenItsMakerLeaves() {
        for (int steps = 0; steps < 5; steps++) {
            try (EngineRig rig = new EngineRig("first-come", 64, 16)) {
                Ticket maker = rig.engine.submit(request(3), new Answer());
                Answer answer = new Answer();
                rig.engine.submit(request(4), answer);
                for (int i = 0; i < steps; i++) rig.engine.step();
                maker.cancel();
                rig.drain();
                assertThat(answer.finish.reason()).isEqualTo(FinishReason.LENGTH);
                // what the maker had computed is not lost
                assertThat(rig.forward.tokensRun).isLessThanOrEqualTo(PREFIX + 1 + 5 + 5);
            }
        }
    }

    @Test
    void aMakerWhoseReaderFellBehindHoldsNobodyUp() {
        try (EngineRig rig = new EngineRig("first-come", 64, 16)) {
            Answer deaf = new Answer();
            deaf.room = 0;
            Ticket maker = rig.engine.submit(request(3), deaf);
            rig.engine.step();
            Answer answer = new Answer();
            rig.engine.submit(request(4), answer);
            for (int i = 0; i < 20; i++) rig.engine.step();
            assertThat(answer.finish).isNotNull();
            maker.cancel();
            rig.drain();
        }
    }

    @Test
    void aStormOfCancellationsLeavesNoPageBehind() {
        for (long seed = 1; seed <= 50; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            try (EngineRig rig = new EngineRig("first-come", 30, 8)) {
                List<Ticket> tickets = new ArrayList<>();
                for (int i = 0; i < 40; i++) {
                    tickets.add(rig.engine.submit(
                            request(random.ints(random.nextInt(8), 2, 59).toArray()), new Answer()));
                    if (random.nextBoolean()) rig.engine.step();
                    tickets.get(random.nextInt(tickets.size())).cancel();
                }
                tickets.forEach(Ticket::cancel);
                rig.engine.step();
                EngineStatus status = rig.engine.status();
                assertThat(status.running() + status.waiting() + status.sharedPages())
                        .isZero();
                assertThat(status.freePages() + status.cachedPages()).isEqualTo(status.pages());
                rig.engine.close();
                assertThat(rig.engine.status().freePages()).isEqualTo(30);
            }
        }
    }
}
