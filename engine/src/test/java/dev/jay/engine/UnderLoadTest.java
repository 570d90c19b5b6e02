// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.engine.sample.Sampling;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** More than fits: who gives way, who goes first, who is given up. */
class UnderLoadTest {
    private static Request request(SplittableRandom random, int prompt, int tokens) {
        return Request.of(random.ints(prompt, 2, HashForward.FAILS).toArray())
                .withSampling(Sampling.GREEDY)
                .withIgnoreEos(true)
                .withMaxTokens(tokens);
    }

    private static EngineRig rig(String policy, String admission, int pages) {
        return new EngineRig(policy, admission, pages, 16, 16, 0, 1000);
    }

    @Test
    void whoGaveWayGivesTheAnswerThatItGivesAlone() {
        long preempted = 0;
        for (long seed = 1; seed <= 40; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            try (EngineRig rig = rig("first-come", "grow(ahead=1)", 16)) {
                List<Request> requests = new ArrayList<>();
                List<Answer> answers = new ArrayList<>();
                for (int i = 0; i < 8; i++) {
                    Request r = request(random, 1 + random.nextInt(20), 20);
                    if (random.nextBoolean()) r = r.withSampling(Sampling.DEFAULT.withSeed(seed));
                    if (random.nextInt(3) == 0) r = r.withPromptScores(1);
                    requests.add(r);
                    answers.add(new Answer());
                    rig.engine.submit(r, answers.getLast());
                }
                rig.drain();
                preempted += rig.engine.status().preempted();
                for (int i = 0; i < 8; i++) {
                    try (EngineRig alone = new EngineRig()) {
                        Answer wanted = alone.run(requests.get(i));
                        assertThat(answers.get(i).outcome())
                                .as("seed=%d %d", seed, i)
                                .isEqualTo(wanted.outcome());
                        assertThat(answers.get(i).scores).isEqualTo(wanted.scores);
                    }
                }
            }
        }
        assertThat(preempted).isGreaterThan(100);
    }

    @Test
    void moreRunSideBySideWhereSequencesGrow() {
        Map<String, Integer> widest = new HashMap<>();
        for (String admission : List.of("promise", "grow(ahead=4)")) {
            SplittableRandom random = new SplittableRandom(7);
            try (EngineRig rig = rig("first-come", admission, 30)) {
                for (int i = 0; i < 12; i++) rig.engine.submit(request(random, 4, 40), new Answer());
                rig.engine.step();
                rig.engine.step();
                widest.put(admission, rig.engine.status().running());
                rig.drain();
            }
        }
        assertThat(widest).containsEntry("promise", 2);
        assertThat(widest.get("grow(ahead=4)")).isGreaterThan(6);
    }

    @Test
    void thePriorityThatIsHigherNeverGivesWayToALower() {
        SplittableRandom random = new SplittableRandom(3);
        try (EngineRig rig = rig("fair", "grow(ahead=1)", 16)) {
            for (int i = 0; i < 6; i++) rig.engine.submit(request(random, 4, 50), new Answer());
            for (int i = 0; i < 5; i++) rig.engine.step();
            Answer urgent = new Answer();
            rig.engine.submit(request(random, 4, 50).withPriority(1), urgent);
            int steps = 0;
            for (; urgent.finish == null; steps++) rig.engine.step();
            // as soon as there is room for it; then a token a step
            assertThat(steps).isLessThan(80);
            assertThat(urgent.ids()).hasSize(50);
            rig.drain();
        }
    }

    @Test
    void tenantsAreServedByTheirWeight() {
        SplittableRandom random = new SplittableRandom(5);
        try (EngineRig rig = rig("fair", "promise", 12)) { // one at a time
            Map<String, List<Answer>> answers = new HashMap<>();
            for (String tenant : List.of("heavy", "light")) {
                for (int i = 0; i < 40; i++) {
                    Answer a = new Answer();
                    answers.computeIfAbsent(tenant, _ -> new ArrayList<>()).add(a);
                    rig.engine.submit(request(random, 5, 30).withTenant(tenant), a);
                }
            }
            long[] done = new long[2];
            while (done[0] + done[1] < 40) {
                rig.engine.step();
                done[0] = answers.get("heavy").stream()
                        .filter(a -> a.finish != null)
                        .count();
                done[1] = answers.get("light").stream()
                        .filter(a -> a.finish != null)
                        .count();
            }
            assertThat(done[0]).isBetween(29L, 31L); // three times the weight
            rig.drain();
        }
    }

    @Test
    void oneWhoComesLateIsNotHeldUpByAQueueOfAnother() {
        SplittableRandom random = new SplittableRandom(5);
        for (String policy : List.of("first-come", "fair")) {
            try (EngineRig rig = rig(policy, "promise", 12)) {
                for (int i = 0; i < 30; i++) {
                    rig.engine.submit(request(random, 5, 30).withTenant("many"), new Answer());
                }
                for (int i = 0; i < 100; i++) rig.engine.step();
                Answer late = new Answer();
                rig.engine.submit(request(random, 5, 30).withTenant("one"), late);
                int steps = 0;
                for (; late.finish == null; steps++) rig.engine.step();
                if (policy.equals("fair")) assertThat(steps).isLessThan(70);
                else assertThat(steps).isGreaterThan(500);
                rig.drain();
            }
        }
    }

    @Test
    void theEarliestDeadlineGoesFirst() {
        SplittableRandom random = new SplittableRandom(5);
        try (EngineRig rig = rig("earliest-deadline", "promise", 12)) {
            List<Answer> answers = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                answers.add(new Answer());
                Duration by = Duration.ofSeconds(5 - i);
                rig.engine.submit(request(random, 5, 30).withFirstTokenIn(by), answers.getLast());
            }
            while (answers.getLast().finish == null) rig.engine.step();
            assertThat(answers.subList(0, 4)).allMatch(a -> a.finish == null);
            rig.drain();
        }
    }

    @Test
    void anAnswerThatNobodyReadsIsGivenUp() {
        SplittableRandom random = new SplittableRandom(5);
        try (EngineRig rig = rig("first-come", "promise", 30)) {
            Answer left = new Answer();
            left.room = 2;
            rig.engine.submit(request(random, 5, 30), left);
            for (int i = 0; i < 10; i++) rig.engine.step();
            assertThat(left.finish).isNull();
            rig.now += 2_000_000_000L;
            rig.engine.step();
            assertThat(left.finish.reason()).isEqualTo(FinishReason.CANCELLED);
            assertThat(left.finish.cause().orElseThrow())
                    .isInstanceOf(TimeoutException.class)
                    .hasMessageContaining("nobody read");
            assertThat(rig.engine.status().running()).isZero();
        }
    }

    @Test
    void whatIsLongTooFarForTheQueueIsRefusedAndNothingElse() {
        SplittableRandom random = new SplittableRandom(5);
        try (EngineRig rig = new EngineRig("fair", "grow(ahead=2)", 20, 8, 8, 0, 10)) {
            int refused = 0;
            List<Answer> answers = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                Answer a = new Answer();
                try {
                    rig.engine.submit(request(random, 1 + random.nextInt(20), 10), a);
                    answers.add(a);
                } catch (QueueFullException e) {
                    refused++;
                }
                rig.engine.step();
            }
            rig.drain();
            assertThat(refused).isPositive();
            assertThat(answers).allMatch(a -> a.finish.reason() == FinishReason.LENGTH);
            assertThat(rig.engine.status().sharedPages()).isZero();
        }
    }
}
