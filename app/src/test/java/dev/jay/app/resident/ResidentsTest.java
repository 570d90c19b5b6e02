// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.resident;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.app.resident.Standing.State;
import dev.jay.engine.NeverFitsException;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who is in memory, who waits and who goes. Every opened model takes its bytes of one budget, which refuses more. */
@Timeout(60)
class ResidentsTest {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final Duration MOMENT = Duration.ofMillis(60);
    private static final long BUDGET = 100;

    private final Memory machine = Memory.withBudget(BUDGET);
    private final FakeSource a = source("a", 50);
    private final FakeSource b = source("b", 40);
    private final FakeSource c = source("c", 30);
    private final FakeSource huge = source("huge", 101);
    private final Residents residents =
            new Residents(List.of(a, b, c, huge), BUDGET, KeepAlive.DEFAULT, System::nanoTime);

    private FakeSource source(String name, long bytes) {
        return new FakeSource(name, bytes, 1, machine);
    }

    @AfterEach
    void shouldGiveEveryByteBack() {
        residents.close();
        machine.close(); // names whoever kept one
    }

    private Residents.Use want(String name) {
        return residents.want(name, Optional.empty());
    }

    private Residents.Use held(String name) throws InterruptedException {
        Residents.Use use = want(name);
        assertThat(use.await(SOON)).isTrue();
        assertThat(use.model()).isNotNull();
        return use;
    }

    private void use(String name) throws InterruptedException {
        held(name).close();
    }

    private State state(String name) {
        return residents.standings().stream()
                .filter(s -> s.name().equals(name))
                .findFirst()
                .orElseThrow()
                .state();
    }

    private void await(String name, State state) throws InterruptedException {
        for (int i = 0; i < 3000 && state(name) != state; i++) Thread.sleep(10);
        assertThat(state(name)).isEqualTo(state);
    }

    @Test
    void shouldUnloadWhoWasNotUsedForLongestWhenAnotherNeedsItsBytes() throws Exception {
        use("a");
        use("b");
        use("a");
        assertThat(a.opened).hasValue(1);
        assertThat(residents.granted()).isEqualTo(90);
        use("c");
        assertThat(state("b")).isEqualTo(State.UNLOADED);
        assertThat(state("a")).isEqualTo(State.LOADED);
        assertThat(residents.granted()).isEqualTo(80);
        use("b");
        assertThat(state("a")).isEqualTo(State.UNLOADED);
        assertThat(b.opened).hasValue(2);
    }

    @Test
    void shouldNeverUnloadOneInUseButTakeNobodyNewIntoTheNextToGo() throws Exception {
        try (Residents.Use inA = held("a")) {
            Residents.Use inB = held("b");
            try (Residents.Use waitsForC = want("c")) {
                assertThat(waitsForC.await(MOMENT)).isFalse();
                Residents.Use again = want("a"); // next to go: longest without a new request
                assertThat(again.await(MOMENT)).isFalse();
                use("b");
                inA.close();
                assertThat(waitsForC.await(SOON)).isTrue();
                assertThat(a.closed).hasValue(1);
                assertThat(again.await(MOMENT)).isFalse();
                waitsForC.close();
                assertThat(again.await(SOON)).isTrue(); // the idle one gave way
                assertThat(state("c")).isEqualTo(State.UNLOADED);
                assertThat(b.closed).hasValue(0);
                again.close();
            }
            inB.close();
        }
    }

    @Test
    void shouldForgetWhoWaitsNoMore() throws Exception {
        try (Residents.Use inA = held("a");
                Residents.Use inB = held("b")) {
            Residents.Use gone = want("c");
            assertThat(gone.await(MOMENT)).isFalse();
            Residents.Use behind = want("a");
            assertThat(behind.await(MOMENT)).isFalse();
            gone.close();
            assertThat(behind.await(SOON)).isTrue();
            behind.close();
            assertThat(inA.model()).isSameAs(behindModel());
            assertThat(inB.name()).isEqualTo("b");
        }
        assertThat(c.opened).hasValue(0);
        assertThat(residents.granted()).isEqualTo(90);
    }

    private Object behindModel() throws InterruptedException {
        try (Residents.Use use = held("a")) {
            return use.model();
        }
    }

    @Test
    void shouldRefuseWhatDoesNotFitEvenAloneAndDisturbNobody() throws Exception {
        use("a");
        try (Residents.Use use = want("huge")) {
            assertThatThrownBy(() -> use.await(SOON))
                    .isInstanceOf(LoadException.class)
                    .cause()
                    .isInstanceOfSatisfying(NeverFitsException.class, e -> {
                        assertThat(e.knob()).contains("--memory");
                        assertThat(e.current()).isEqualTo(BUDGET);
                        assertThat(e.needed()).isEqualTo(101);
                    });
        }
        assertThat(a.closed).hasValue(0);
        assertThatThrownBy(() -> want("nobody")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldTellAllWhoWaitThatAFileIsBrokenAndTryAgainForTheNext() throws Exception {
        a.broken = new IOException("broken");
        CountDownLatch slow = new CountDownLatch(1);
        a.slow = slow;
        try (Residents.Use one = want("a");
                Residents.Use two = want("a")) {
            await("a", State.LOADING);
            slow.countDown();
            assertThatThrownBy(() -> one.await(SOON)).hasMessageContaining("broken");
            assertThatThrownBy(() -> two.await(SOON)).hasMessageContaining("broken");
        }
        assertThat(residents.standings().getFirst().failed()).isTrue();
        assertThat(residents.granted()).isZero();
        a.broken = null;
        use("a");
        assertThat(residents.standings().getFirst().failed()).isFalse();
    }

    @Test
    void shouldUnloadWhenItsTimeIsOverOrWhenTold() throws Exception {
        try (Residents.Use brief = residents.want("a", Optional.of(KeepAlive.parse("80ms")))) {
            assertThat(brief.await(SOON)).isTrue();
            Thread.sleep(200);
            assertThat(state("a")).as("in use").isEqualTo(State.LOADED);
        }
        await("a", State.UNLOADED);
        residents.want("b", Optional.of(KeepAlive.NOT_AT_ALL)).close();
        try (Residents.Use now = residents.want("b", Optional.of(KeepAlive.NOT_AT_ALL))) {
            assertThat(now.await(SOON)).isTrue();
        }
        await("b", State.UNLOADED);
        use("c");
        residents.unload("c");
        assertThat(state("c")).isEqualTo(State.UNLOADED);
        Residents.Use busy = held("c");
        residents.unload("c");
        assertThat(state("c")).isEqualTo(State.LOADED);
        busy.close();
        await("c", State.UNLOADED);
        assertThat(residents.granted()).isZero();
    }

    @Test
    void shouldKeepForEverWhatIsAskedToStayButLetItGoLastWhereRoomIsShort() throws Exception {
        try (Residents.Use use = residents.want("a", Optional.of(KeepAlive.FOREVER))) {
            assertThat(use.await(SOON)).isTrue();
        }
        assertThat(residents.standings().getFirst().ends()).isEmpty();
        use("b");
        assertThat(residents.standings().get(1).ends()).isPresent();
        use("c");
        assertThat(state("b")).as("used later, but not kept").isEqualTo(State.UNLOADED);
        assertThat(state("a")).isEqualTo(State.LOADED);
        try (Residents.Use inC = held("c")) {
            use("b");
            assertThat(state("a")).isEqualTo(State.UNLOADED);
            assertThat(inC.name()).isEqualTo("c");
        }
    }

    @Test
    void shouldMakeRoomEvenToLookAtAFile() throws Exception {
        try (Memory books = Memory.withBudget(BUDGET);
                Residents two = new Residents(
                        List.of(new FakeSource("x", 90, 1, books), new FakeSource("y", 20, 30, books)),
                        BUDGET,
                        KeepAlive.DEFAULT,
                        System::nanoTime)) {
            for (String name : List.of("x", "y", "x")) {
                try (Residents.Use use = two.want(name, Optional.empty())) {
                    assertThat(use.await(SOON)).isTrue();
                }
            }
        }
    }

    @Test
    void shouldTellWhoWaitsThatItCloses() throws Exception {
        Residents.Use inA = held("a");
        Residents.Use inB = held("b");
        Residents.Use waits = want("c");
        residents.close();
        assertThatThrownBy(() -> waits.await(SOON)).isInstanceOf(ModelsClosedException.class);
        assertThatThrownBy(() -> want("a")).isInstanceOf(ModelsClosedException.class);
        inA.close();
        inB.close();
        waits.close();
        assertThat(a.closed).hasValue(1);
    }

    /** The budget refuses what would be too much, so every load that succeeds shows that it was kept. */
    @Test
    void shouldServeEverybodyInWhateverOrderTheyComeAndLeave() throws Exception {
        List<String> names = List.of("a", "b", "c");
        List<Future<Integer>> clients = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int client = 0; client < 16; client++) {
                SplittableRandom random = new SplittableRandom(client);
                clients.add(threads.submit(() -> {
                    int served = 0;
                    for (int i = 0; i < 60; i++) {
                        Optional<KeepAlive> keep =
                                random.nextInt(5) == 0 ? Optional.of(KeepAlive.NOT_AT_ALL) : Optional.empty();
                        try (Residents.Use use = residents.want(names.get(random.nextInt(3)), keep)) {
                            boolean patient = random.nextInt(4) > 0;
                            if (!use.await(patient ? SOON : Duration.ofNanos(random.nextInt(2_000_000)))) {
                                assertThat(patient).isFalse();
                                continue;
                            }
                            use.model();
                            served++;
                            Thread.sleep(random.nextInt(3));
                        }
                    }
                    return served;
                }));
            }
            for (Future<Integer> client : clients) assertThat(client.get()).isGreaterThan(20);
        }
        for (String name : names) residents.unload(name);
        assertThat(residents.granted()).isZero();
        assertThat(machine.promised()).isZero();
        assertThat(residents.standings()).allMatch(s -> s.inUse() == 0 && s.state() == State.UNLOADED);
    }
}
