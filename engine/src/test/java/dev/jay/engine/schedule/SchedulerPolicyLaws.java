// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every policy keeps to the rules of {@link SchedulerPolicy#plan}, and never leaves all work undone. */
class SchedulerPolicyLaws {
    private record Some(int length, int pending, int limit, int id) implements Work {
        @Override
        public int priority() {
            return id % 3;
        }

        @Override
        public long firstTokenBy() {
            return id % 4 == 0 ? Long.MAX_VALUE : id;
        }

        @Override
        public double served() {
            return id % 7;
        }
    }

    static Stream<String> policies() {
        return SchedulerPolicies.ALL.names().stream();
    }

    @ParameterizedTest
    @MethodSource("policies")
    void plansKeepToTheRules(String name) {
        SchedulerPolicy policy = SchedulerPolicies.ALL.make(name);
        for (long seed = 1; seed <= 500; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            List<Some> running = some(random, 0);
            List<Some> waiting = some(random, 100);
            int tokens = 1 + random.nextInt(40);
            int[] room = {random.nextInt(200)};
            boolean roomForAny = !waiting.isEmpty() && waiting.stream().allMatch(s -> s.limit() <= room[0]);
            Set<Some> may = new HashSet<>(running);
            Set<Some> taken = new HashSet<>();
            int wait = random.nextInt(6);
            Step<Some> step = policy.plan(running, waiting, tokens, new Room<>() {
                @Override
                public boolean take(Some s) {
                    assertThat(shouldWait(s)).isFalse();
                    if (s.limit() > room[0]) return false;
                    room[0] -= s.limit();
                    may.add(s);
                    return taken.add(s);
                }

                @Override
                public boolean shouldWait(Some s) {
                    // somebody else computes it, or nobody would ever
                    return s.id() % 5 == wait && (!running.isEmpty() || !taken.isEmpty());
                }
            });
            int left = tokens;
            for (Step.Chunk<Some> c : step.chunks()) {
                assertThat(may.remove(c.sequence())).as("seed=%d %s", seed, c).isTrue();
                assertThat(c.count())
                        .as("seed=%d %s", seed, c)
                        .isBetween(1, c.sequence().pending());
                taken.remove(c.sequence());
                left -= c.count();
            }
            assertThat(left).as("seed=%d", seed).isNotNegative();
            assertThat(taken).as("seed=%d: room taken and not used", seed).isEmpty();
            if (!running.isEmpty())
                assertThat(step.chunks()).as("seed=%d", seed).isNotEmpty();
            if (running.isEmpty() && roomForAny)
                assertThat(step.chunks()).as("seed=%d", seed).isNotEmpty();
        }
    }

    private static List<Some> some(SplittableRandom random, int firstId) {
        List<Some> some = new ArrayList<>();
        for (int n = random.nextInt(8); n > 0; n--) {
            int length = 1 + random.nextInt(30);
            int pending = random.nextBoolean() ? 1 : 1 + random.nextInt(length);
            some.add(new Some(length, pending, length + random.nextInt(30), firstId + n));
        }
        return some;
    }
}
