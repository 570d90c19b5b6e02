// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.jay.engine.EngineStatus;
import dev.jay.engine.Finish;
import dev.jay.engine.Model;
import dev.jay.engine.ModelOptions;
import dev.jay.engine.Piece;
import dev.jay.engine.Request;
import dev.jay.engine.TokenSink;
import dev.jay.tensor.Shared;
import dev.jay.tensor.kernel.Cpu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Recorded loads through the real scheduler on a clock, and through a real model. */
class SimulationTest {
    private static final String MOONCAKE = "mooncake_synthetic_trace.jsonl";
    private static final String SHAREGPT = "llmservingsim_sharegpt-llama-3.1-8b-300-sps10.jsonl";
    private static final Simulation.Policies FIRST_COME =
            new Simulation.Policies("first-come", "promise", "least-recent");
    private static final Simulation.Policies IN_ORDER = new Simulation.Policies("in-order", "promise", "least-recent");
    private static final int STEP = 64;
    private static final int TILE = 32; // tokens of a page of keys and values

    private static Trace trace(String name, int scale, int most) throws IOException {
        return Trace.read(Shared.data("8-traces/" + name), scale, most);
    }

    private static Simulation.Machine machine(int pages, int pageTokens) {
        return new Simulation.Machine(pages, pageTokens, STEP, 10_000_000, 1_000_000);
    }

    /** Prompts that are known to their end when they come: their last token is run all the same. */
    private static long again(List<Trace.Arrival> inOrder) {
        List<int[]> seen = new ArrayList<>();
        long again = 0;
        for (Trace.Arrival a : inOrder) {
            int[] p = a.prompt();
            if (seen.stream().anyMatch(s -> s.length >= p.length && Arrays.equals(s, 0, p.length, p, 0, p.length)))
                again++;
            seen.add(p);
        }
        return again;
    }

    @ParameterizedTest
    @CsvSource({MOONCAKE + ", 64", SHAREGPT + ", 16"})
    void shouldRunWhatIsUniqueWhereAllOfItFits(String name, int scale) throws IOException {
        Trace trace = trace(name, scale, 300);
        assertThat(trace.arrivals()).hasSize(300);
        Simulation.Result r = Simulation.run(trace, machine(10_000, 8), FIRST_COME, false);
        assertThat(r.status().promptTokens()).isEqualTo(r.uniqueTokens() + again(trace.arrivals()));
        assertThat(r.status().decodedTokens())
                .isEqualTo(trace.arrivals().stream()
                        .mapToLong(Trace.Arrival::answer)
                        .sum());
        assertThat(r.status().failed()).isZero();
        assertThat(r.meanFirstToken()).isPositive().isLessThan(r.p95FirstToken());
        assertThat(r.p95FirstToken()).isLessThan(r.seconds());
    }

    @Test
    void shouldRunLeastInTheOrderOfABatchWhereLittleFits() throws IOException {
        Trace trace = trace(MOONCAKE, 64, 300);
        Simulation.Result asTheyCome = Simulation.run(trace, machine(400, 8), FIRST_COME, false);
        Simulation.Result batch = Simulation.run(trace, machine(400, 8), IN_ORDER, true);
        long least = batch.uniqueTokens() + again(Simulation.ordered(trace));
        // a few tokens that two have in common by chance are not waited for
        assertThat(batch.status().promptTokens()).isBetween(least, least + least / 500);
        assertThat(asTheyCome.status().promptTokens()).isGreaterThan(least + least / 100);
        assertThat(asTheyCome.status().decodedTokens()).isEqualTo(batch.status().decodedTokens());
    }

    /** Pages of so many full sequences: all fits, little, and so little that some give way. */
    @ParameterizedTest
    @CsvSource({
        MOONCAKE + ", 128, 60, 1024, 100, promise, false",
        MOONCAKE + ", 128, 60, 1024, 1, promise, false",
        SHAREGPT + ", 4, 30, 1280, 1, grow, true"
    })
    void shouldAgreeWithARealRunToTheToken(
            String name, int scale, int most, int context, int parallel, String admission, boolean preempts)
            throws Exception {
        List<Trace.Arrival> together = trace(name, scale, most).arrivals().stream()
                .map(a -> new Trace.Arrival(0, a.prompt(), a.answer()))
                .toList();
        Simulation.Policies policies = new Simulation.Policies("first-come", admission, "least-recent");
        Simulation.Machine machine = machine(parallel * context / TILE, TILE);
        EngineStatus simulated =
                Simulation.run(new Trace(together), machine, policies, false).status();
        ModelOptions options = ModelOptions.defaults()
                .withContextLength(context)
                .withParallel(parallel)
                .withStepTokens(STEP)
                .withAdmission(admission)
                .withKvRecipe("")
                .withThreads(1)
                .withCpu(Cpu.SCALAR);
        try (Model model = Model.open(Shared.data("0-stories260K/stories260K.gguf"), options)) {
            EngineStatus real = played(model, together);
            assertThat(real.promptTokens() - 1).isEqualTo(simulated.promptTokens());
            assertThat(real.reusedTokens()).isEqualTo(simulated.reusedTokens());
            assertThat(real.decodedTokens() - 1).isEqualTo(simulated.decodedTokens());
            assertThat(real.preempted()).isEqualTo(simulated.preempted());
        }
        assertThat(simulated.preempted() > 0).isEqualTo(preempts);
    }

    /** The engine's thread is held by a request of one token until all have come: they come together, as on the clock. */
    private static EngineStatus played(Model model, List<Trace.Arrival> arrivals) throws InterruptedException {
        CountDownLatch come = new CountDownLatch(1);
        CountDownLatch left = new CountDownLatch(arrivals.size());
        model.submit(Request.of(Trace.ANSWER).withMaxTokens(1), sink(() -> await(come)));
        for (Trace.Arrival a : arrivals) model.submit(a.request(), sink(left::countDown));
        come.countDown();
        await(left);
        while (model.status().running() > 0) Thread.sleep(1); // published after the step
        return model.status();
    }

    private static TokenSink sink(Runnable finished) {
        return new TokenSink() {
            @Override
            public void onPiece(Piece piece) {}

            @Override
            public void onFinish(Finish finish) {
                finished.run();
            }
        };
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void shouldSayWhatIsNoTrace(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("t.jsonl"), "{\"timestamp\": 3, \"output_length\": 2}\n");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Trace.read(file, 64, 10))
                .withMessageContaining("no hash_ids");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Trace.read(file, 3, 10))
                .withMessageContaining("scale=3");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Trace.read(file, 64, 0))
                .withMessageContaining("no requests");
    }
}
