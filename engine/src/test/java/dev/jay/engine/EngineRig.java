// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.schedule.Admissions;
import dev.jay.engine.schedule.SchedulerPolicies;
import dev.jay.kv.pool.PagePool;
import dev.jay.kv.prefix.PageReplacements;
import dev.jay.kv.prefix.PrefixTier;
import dev.jay.tensor.memory.Memory;
import java.util.function.BiFunction;

/** An engine over {@link HashForward}, stepped by the test; its clock advances a microsecond a look. */
final class EngineRig implements AutoCloseable {
    static final int CONTEXT = 64;

    private final Memory memory = Memory.withBudget(1 << 20);
    final HashForward forward;
    final Engine engine;
    final PrefixTier tier;
    long now;
    Pressure pressure = Pressure.NONE;

    EngineRig(String policy, int pages, int stepTokens, int mostRows, int bos, int queueLimit) {
        this(policy, "promise", pages, stepTokens, mostRows, bos, queueLimit);
    }

    EngineRig(String policy, String admission, int pages, int stepTokens, int mostRows, int bos, int queueLimit) {
        this(policy, admission, pages, stepTokens, mostRows, bos, queueLimit, (_, _) -> PrefixTier.NONE);
    }

    /** @param tiers makes the tier, for these pages */
    EngineRig(
            String policy,
            String admission,
            int pages,
            int stepTokens,
            int mostRows,
            int bos,
            int queueLimit,
            BiFunction<PagePool, Memory, PrefixTier> tiers) {
        this(policy, admission, pages, stepTokens, mostRows, bos, queueLimit, tiers, Parking.NONE);
    }

    /** @param parking borrowed */
    EngineRig(
            String policy,
            String admission,
            int pages,
            int stepTokens,
            int mostRows,
            int bos,
            int queueLimit,
            BiFunction<PagePool, Memory, PrefixTier> tiers,
            Parking parking) {
        this.forward = new HashForward(memory, pages, stepTokens, mostRows);
        this.tier = tiers.apply(forward.pool(), memory);
        this.engine = new Engine(
                forward,
                new LetterTokenizer(bos),
                SchedulerPolicies.ALL.make(policy),
                new Engine.Settings(
                        CONTEXT,
                        stepTokens,
                        queueLimit,
                        () -> now += 1000,
                        () -> 42,
                        PageReplacements.ALL.make("least-recent"),
                        tier,
                        parking,
                        Admissions.ALL.make(admission),
                        tenant -> tenant.equals("heavy") ? 3 : 1,
                        1_000_000_000L,
                        () -> pressure,
                        () -> {}));
    }

    EngineRig(String policy, int pages, int stepTokens) {
        this(policy, pages, stepTokens, stepTokens, 0, 1000);
    }

    EngineRig() {
        this("first-come", 64, 16);
    }

    Answer run(Request request) {
        Answer answer = new Answer();
        engine.submit(request, answer);
        drain();
        return answer;
    }

    /** Steps until nothing is left; a step that does nothing while something is left is a hang. */
    void drain() {
        int still = 0; // what is sent for comes with the next step
        while (!engine.isIdle()) {
            long before = engine.status().finished();
            boolean moved = engine.step() > 0 || engine.status().finished() > before || engine.isIdle();
            still = moved ? 0 : still + 1;
            if (still > (tier == PrefixTier.NONE ? 0 : 20)) {
                throw new AssertionError("nothing moves: " + engine.status());
            }
        }
        engine.step();
    }

    @Override
    public void close() {
        engine.close();
        tier.close();
        forward.close();
        memory.close();
    }
}
