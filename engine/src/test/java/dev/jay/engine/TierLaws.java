// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.engine.sample.Sampling;
import dev.jay.kv.prefix.PrefixTier;
import dev.jay.kv.prefix.Recall;
import dev.jay.kv.tier.FileTier;
import dev.jay.tensor.kernel.Numerics;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Prefixes that went to a file and came back change no answer, in this process or a later one, whatever became of the file. */
class TierLaws {
    private static final int PREFIXES = 6;
    private static final int PREFIX = 24;

    @TempDir
    private Path folder;

    private EngineRig rig(int pages, Executor executor) {
        return rig("grow(ahead=1)", pages, 1 << 20, executor);
    }

    private EngineRig rig(String admission, int pages, long mostBytes, Executor executor) {
        return rig(admission, pages, mostBytes, Recall.ALWAYS, executor);
    }

    private EngineRig rig(String admission, int pages, long mostBytes, Recall recall, Executor executor) {
        return new EngineRig("first-come", admission, pages, 16, 16, 0, 1000, (pool, memory) -> {
            try {
                FileTier.Format format = new FileTier.Format(new byte[32], 4, 1);
                return new FileTier(folder.resolve("kv"), format, mostBytes, recall, pool, memory, executor, () -> {});
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private static Request request(SplittableRandom random) {
        int[] prompt = new int[PREFIX + random.nextInt(8)];
        int prefix = random.nextInt(PREFIXES);
        SplittableRandom same = new SplittableRandom(prefix);
        for (int i = 0; i < prompt.length; i++)
            prompt[i] = 2 + (i < PREFIX ? same : random).nextInt(HashForward.FAILS - 2);
        Request r = Request.of(prompt)
                .withSampling(random.nextBoolean() ? Sampling.GREEDY : Sampling.DEFAULT.withSeed(prefix))
                .withIgnoreEos(true)
                .withTenant(random.nextInt(4) == 0 ? "other" : "")
                .withAdapters(SomeAdapters.mix(random.nextInt(8)))
                .withNumerics(random.nextInt(3) == 0 ? Numerics.EXACT : Numerics.FAST)
                .withMaxTokens(1 + random.nextInt(12));
        return random.nextInt(5) == 0 ? r.withPromptScores(1) : r;
    }

    private static void answersAreThoseOf(EngineRig rig, SplittableRandom random, int count) {
        List<Request> requests = new ArrayList<>();
        List<Answer> answers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            requests.add(request(random));
            answers.add(new Answer());
            rig.engine.submit(requests.getLast(), answers.getLast());
            for (int steps = random.nextInt(6); steps > 0; steps--) rig.engine.step();
        }
        rig.drain();
        for (int i = 0; i < count; i++) {
            try (EngineRig alone = new EngineRig()) {
                assertThat(answers.get(i).outcome())
                        .isEqualTo(alone.run(requests.get(i)).outcome());
            }
        }
    }

    @Test
    void whatWentToAFileAndCameBackChangesNoAnswer() {
        long read = 0;
        for (long seed = 1; seed <= 12; seed++) {
            try (EngineRig rig = rig(24, Runnable::run)) { // the file lives on from seed to seed: a restart each time
                answersAreThoseOf(rig, new SplittableRandom(seed), 20);
                read += rig.engine.status().tier().read();
            }
        }
        assertThat(read).isGreaterThan(100);
    }

    /** Times of a machine that reads a byte, and computes a token after as many others, in so many seconds. */
    private static Recall times(double aByte, double aToken, double aPair) {
        return (from, tokens, bytes) -> tokens * (aToken + aPair * from) - bytes * aByte;
    }

    private long read(Recall recall, long seed) {
        try (EngineRig rig = rig("grow(ahead=1)", 24, 1 << 20, recall, Runnable::run)) {
            answersAreThoseOf(rig, new SplittableRandom(seed), 60);
            assertThat(rig.engine.status().tier().written()).isPositive();
            return rig.engine.status().tier().read();
        }
    }

    @Test
    void whatIsCheaperComputedIsComputedAndWhatIsCheaperReadIsReadAndNoAnswerDiffers() {
        assertThat(read(times(1, 1e-9, 0), 5)).as("a slow disk").isZero();
        assertThat(read(times(1e-9, 1, 0), 5)).as("a slow processor").isPositive();
    }

    /** Does what it is given when it is told to. */
    private static final class Slow implements Executor {
        private final Queue<Runnable> work = new ArrayDeque<>();
        private boolean isSlow = true;

        @Override
        public void execute(Runnable task) {
            if (isSlow) work.add(task);
            else task.run();
        }

        void one() {
            if (!work.isEmpty()) work.remove().run();
        }

        void all() {
            isSlow = false;
            while (!work.isEmpty()) one();
        }
    }

    @Test
    void aSlowFileHoldsNobodyUpForEver() {
        Slow slow = new Slow();
        SplittableRandom random = new SplittableRandom(3);
        try (EngineRig rig = rig(24, slow)) {
            for (int round = 0; round < 20; round++) {
                List<Answer> answers = new ArrayList<>();
                for (int i = 0; i < 5; i++) {
                    answers.add(new Answer());
                    rig.engine.submit(request(random), answers.getLast());
                }
                for (int steps = 0; !rig.engine.isIdle(); steps++) {
                    rig.engine.step();
                    if (steps % 7 == 6) slow.one(); // one piece of work in a while
                    assertThat(steps).isLessThan(3000);
                }
                assertThat(answers).allMatch(a -> a.finish.reason() == FinishReason.LENGTH);
            }
            slow.all();
            PrefixTier.Stats stats = rig.engine.status().tier();
            assertThat(stats.written()).isPositive();
            assertThat(stats.read()).isPositive();
            assertThat(stats.dropped()).as("it was too slow for all of it").isPositive();
        }
    }

    @Test
    void aFileThatIsTooSmallKeepsWhatWasUsedLast() {
        SplittableRandom random = new SplittableRandom(9);
        long slot = 4096 + 4096;
        try (EngineRig rig = rig("promise", 24, 4096 + 10 * slot, Runnable::run)) {
            answersAreThoseOf(rig, random, 60);
            PrefixTier.Stats stats = rig.engine.status().tier();
            assertThat(stats.chunks()).isEqualTo(10);
            assertThat(stats.bytes()).isLessThanOrEqualTo(4096 + 10 * slot);
        }
    }

    @Test
    void whatIsBrokenInTheFileIsComputedAgain() throws IOException {
        long dropped = 0;
        for (long seed = 1; seed <= 10; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            try (EngineRig rig = rig(24, Runnable::run)) {
                answersAreThoseOf(rig, random, 15);
            }
            try (RandomAccessFile file =
                    new RandomAccessFile(folder.resolve("kv").toFile(), "rw")) {
                for (int i = 0; i < 200; i++) {
                    file.seek(4096 + random.nextLong(file.length() - 4096));
                    file.write(random.nextInt());
                }
                if (random.nextBoolean()) file.setLength(4096 + random.nextLong(file.length() - 4096));
            }
            try (EngineRig rig = rig(24, Runnable::run)) {
                answersAreThoseOf(rig, random, 15);
                dropped += rig.engine.status().tier().dropped();
            }
        }
        assertThat(dropped).isPositive();
    }

    @Test
    void anotherTenantsPrefixIsNotFoundInTheFile() {
        Request mine = Request.of(new SplittableRandom(1).ints(PREFIX, 2, 50).toArray())
                .withMaxTokens(2)
                .withIgnoreEos(true)
                .withTenant("mine");
        try (EngineRig rig = rig(24, Runnable::run)) {
            rig.run(mine);
        }
        try (EngineRig rig = rig(24, Runnable::run)) {
            assertThat(rig.run(mine.withTenant("yours")).finish.usage().reusedTokens())
                    .isZero();
            assertThat(rig.run(mine.withNumerics(Numerics.EXACT)).finish.usage().reusedTokens())
                    .isZero();
            assertThat(rig.run(mine.withAdapters(SomeAdapters.mix(1)))
                            .finish
                            .usage()
                            .reusedTokens())
                    .isZero();
            // whole strides: the few tokens of a part are as soon computed
            assertThat(rig.run(mine).finish.usage().reusedTokens()).isEqualTo(PREFIX - 4);
        }
    }
}
