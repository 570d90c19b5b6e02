// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.engine.sample.Sampling;
import dev.jay.engine.sample.grammar.Grammar;
import dev.jay.engine.schedule.SchedulerPolicies;
import dev.jay.tensor.kernel.Numerics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Company, chunking, order of arrival, neighbours that leave or fail, and the policy do not change an answer. */
class EngineLaws {
    static Stream<String> policies() {
        return SchedulerPolicies.ALL.names().stream();
    }

    /** Many begin alike, as far as some place. */
    private static Request request(SplittableRandom random) {
        int[] prompt = random.ints(1 + random.nextInt(30), 2, HashForward.FAILS).toArray();
        int alike = random.nextInt(4) == 0 ? 0 : random.nextInt(40);
        for (int i = 0; i < Math.min(alike, prompt.length); i++) prompt[i] = 2 + i * 7 % 50;
        Sampling sampling = random.nextBoolean()
                ? Sampling.GREEDY
                : Sampling.DEFAULT.withSeed(random.nextLong()).withRepetitionPenalty(1.1);
        Request r = Request.of(prompt)
                .withSampling(sampling)
                .withNumerics(random.nextBoolean() ? Numerics.EXACT : Numerics.FAST)
                .withMaxTokens(random.nextInt(25))
                .withTenant(random.nextInt(4) == 0 ? "other" : "")
                .withAdapters(SomeAdapters.mix(random.nextInt(8)))
                .withSharing(random.nextInt(6) > 0)
                .withPriority(random.nextInt(3))
                .withLogprobs(random.nextInt(4) - 1);
        if (random.nextInt(3) == 0) r = r.withStops("ab", "cab", "e");
        if (random.nextInt(3) == 0) r = r.withGrammar(Grammar.ofRegex("([a-e]{2,4}q)*|(a[^z]){3,}|\ud83d\udc26+"));
        return random.nextInt(4) == 0 ? r.withPromptScores(1 + random.nextInt(5)) : r;
    }

    private static Request poisoned(Request r, int token) {
        int[] prompt = r.prompt();
        prompt[prompt.length - 1] = token;
        return r.withPrompt(prompt).withMaxTokens(3);
    }

    @ParameterizedTest
    @MethodSource("policies")
    void nothingAroundAnAnswerChangesIt(String policy) {
        SplittableRandom seeds = new SplittableRandom(20);
        int paused = 0;
        int waited = 0;
        long reused = 0;
        long preempted = 0;
        for (int round = 0; round < 40; round++) {
            long seed = seeds.nextLong();
            SplittableRandom random = new SplittableRandom(seed);
            List<Request> requests = new ArrayList<>();
            for (int n = 2 + random.nextInt(8); n > 0; n--) requests.add(request(random));
            List<Answer> alone = new ArrayList<>();
            for (Request r : requests) {
                try (EngineRig rig = new EngineRig("first-come", 64, 64)) {
                    alone.add(rig.run(r));
                }
            }
            int stepTokens = 1 + random.nextInt(20);
            int rows = 1 + random.nextInt(stepTokens);
            String admission = random.nextBoolean() ? "promise" : "grow(ahead=" + (1 + random.nextInt(9)) + ")";
            int pages = 28 + random.nextInt(admission.equals("promise") ? 60 : 8);
            try (EngineRig rig = new EngineRig(policy, admission, pages, stepTokens, rows, 0, 1000)) {
                List<Answer> together = new ArrayList<>();
                for (Request r : requests) {
                    Answer answer = new Answer();
                    together.add(answer);
                    if (random.nextInt(3) == 0) answer.room = random.nextInt(3); // the reader falls behind
                    rig.engine.submit(r, answer);
                    if (random.nextInt(3) == 0) disturb(random, rig, r);
                    for (int steps = random.nextInt(4); steps > 0; steps--) rig.engine.step();
                    paused += rig.engine.status().paused();
                    waited += rig.engine.status().waiting();
                }
                together.forEach(a -> a.room = Integer.MAX_VALUE);
                rig.drain();
                for (int i = 0; i < requests.size(); i++) {
                    assertThat(together.get(i).outcome())
                            .as("seed=%d %d", seed, i)
                            .isEqualTo(alone.get(i).outcome());
                    assertThat(together.get(i).tokens.toString())
                            .isEqualTo(alone.get(i).tokens.toString());
                    assertThat(together.get(i).scores).isEqualTo(alone.get(i).scores);
                }
                reused += rig.engine.status().reusedTokens();
                preempted += rig.engine.status().preempted();
                rig.engine.close();
                assertThat(rig.forward.pool().free())
                        .isEqualTo(rig.forward.pool().size());
            }
        }
        assertThat(paused).as("readers that fell behind").isPositive();
        assertThat(waited).as("requests that had to wait").isPositive();
        assertThat(preempted).as("sequences that gave way").isPositive();
        assertThat(reused).as("tokens taken over from others").isGreaterThan(500);
    }

    private static void disturb(SplittableRandom random, EngineRig rig, Request like) {
        Answer other = new Answer();
        switch (random.nextInt(4)) {
            case 0 -> rig.engine.submit(poisoned(like, HashForward.FAILS), other);
            case 1 -> rig.engine.submit(poisoned(like, HashForward.NOT_A_NUMBER), other);
            case 2 -> {
                other.failAfter = random.nextInt(2);
                rig.engine.submit(like, other);
            }
            default -> {
                Ticket ticket = rig.engine.submit(like, other);
                if (random.nextBoolean()) rig.engine.step();
                ticket.cancel();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("policies")
    void everyPageComesBackAndEveryAnswerEndsAfterAStorm(String policy) {
        for (long seed = 1; seed <= 20; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            List<Answer> answers = new ArrayList<>();
            List<Ticket> tickets = new ArrayList<>();
            String admission = random.nextBoolean() ? "promise" : "grow(ahead=3)";
            int stepTokens = 1 + random.nextInt(16);
            int pages = 28 + random.nextInt(30);
            try (EngineRig rig = new EngineRig(policy, admission, pages, stepTokens, stepTokens, 0, 1000)) {
                for (int round = 0; round < 60; round++) {
                    Request r = request(random);
                    if (random.nextInt(5) == 0)
                        r = poisoned(r, random.nextInt(HashForward.FAILS, HashForward.VOCABULARY));
                    Answer answer = new Answer();
                    if (random.nextInt(5) == 0) answer.failAfter = random.nextInt(3);
                    answers.add(answer);
                    tickets.add(rig.engine.submit(r, answer));
                    if (random.nextInt(3) == 0)
                        tickets.get(random.nextInt(tickets.size())).cancel();
                    for (int steps = random.nextInt(5); steps > 0; steps--) rig.engine.step();
                }
                if (random.nextBoolean()) rig.drain();
                rig.engine.close();
                assertThat(answers).as("seed=%d", seed).allMatch(a -> a.finish != null);
                assertThat(rig.forward.pool().free())
                        .as("seed=%d", seed)
                        .isEqualTo(rig.forward.pool().size());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("policies")
    void aConversationThatGoesOnGivesTheAnswersOfAFreshOne(String policy) {
        int reused = 0;
        int forgotten = 0;
        for (long seed = 1; seed <= 30; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            try (EngineRig rig = new EngineRig(policy, 40, 1 + random.nextInt(16))) {
                int[][] history = {{0}, {0}, {0}};
                for (int turn = 0; turn < 12; turn++) {
                    int who = random.nextInt(3);
                    int[] prompt = next(random, history[who]);
                    Request r = request(random).withPrompt(prompt).withPromptScores(-1);
                    if (r.maxTokens().orElseThrow() == 0) r = r.withMaxTokens(1);
                    Answer answer = new Answer();
                    rig.engine.submit(r, answer);
                    rig.drain();
                    reused += answer.finish.usage().reusedTokens();
                    if (prompt.length > 20 && answer.finish.usage().reusedTokens() < 5) forgotten++;
                    try (EngineRig fresh = new EngineRig()) {
                        assertThat(answer.outcome())
                                .as("seed=%d turn=%d", seed, turn)
                                .isEqualTo(fresh.run(r).outcome());
                    }
                    int[] all =
                            Arrays.copyOf(prompt, prompt.length + answer.ids().size());
                    for (int i = prompt.length; i < all.length; i++)
                        all[i] = answer.ids().get(i - prompt.length);
                    history[who] = all;
                }
            }
        }
        assertThat(reused).isGreaterThan(500);
        assertThat(forgotten).as("conversations that gave way").isPositive();
    }

    /** The conversation goes on, or is rewritten from some place. */
    private static int[] next(SplittableRandom random, int[] history) {
        int keep = random.nextInt(3) == 0 ? 1 + random.nextInt(history.length) : history.length;
        if (keep > 25) keep = 1 + random.nextInt(20);
        int[] prompt = Arrays.copyOf(history, keep + random.nextInt(6));
        for (int i = keep; i < prompt.length; i++) prompt[i] = random.nextInt(2, HashForward.FAILS);
        return prompt;
    }
}
