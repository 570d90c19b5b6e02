// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.jay.tensor.SystemRefusals;
import dev.jay.tensor.asm.CodePages;
import dev.jay.tensor.asm.PagesBut;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.memory.Memory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each provider in machine code with wrong code, or with none: the next takes its place, and the log says why. */
class WrongCodeTest {
    private static final WeightFormat Q8 = WeightFormats.ALL.make("q8_0");
    private static final WeightFormat F16 = WeightFormats.ALL.make("f16");
    private static final Logger LOG = Logger.getLogger(KernelProviders.class.getName());
    private static final byte RETURN = (byte) 0xC3;

    private final Memory memory = Memory.withBudget(16 << 20);
    private final Cpu cpu = Cpu.detect();
    private final List<String> logged = new ArrayList<>();
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord line) {
            logged.add(line.getLevel() + " " + line.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @BeforeEach
    void listen() {
        LOG.addHandler(handler);
    }

    @AfterEach
    void close() {
        LOG.removeHandler(handler);
        memory.close();
    }

    /** Pages whose functions do nothing, from the n-th on. */
    private static CodePages idleFrom(int n) {
        return new PagesBut() {
            private int loaded;

            @Override
            public void makeExecutable(long address, long bytes) {
                if (loaded++ >= n) {
                    MemorySegment.ofAddress(address).reinterpret(1).set(ValueLayout.JAVA_BYTE, 0, RETURN);
                }
                super.makeExecutable(address, bytes);
            }
        };
    }

    /** The named provider with these pages, and behind it the definition. */
    private KernelChoice choice(String name, CodePages pages, boolean forced) {
        KernelProvider provider = KernelProviders.ALL.make(name);
        assumeTrue(SystemRefusals.runs(provider, cpu), () -> name + " does not run here");
        return new KernelChoice(
                List.of(
                        new TriedKernels(provider, cpu, memory, pages, forced),
                        new TriedKernels(new ScalarKernels(), cpu, memory, pages, false)),
                List.of());
    }

    private static String product(KernelChoice choice, WeightFormat format, Numerics numerics) {
        return choice.matMuls(format, numerics).getFirst().provider();
    }

    @ParameterizedTest
    @ValueSource(strings = {"amx", "avx512-vnni", "avx2"})
    void shouldFindCodeThatGivesWrongBits(String name) {
        int sound = 3; // what asks the CPU, and the packing of activations
        try (KernelChoice choice = choice(name, idleFrom(sound), false)) {
            assertThat(product(choice, Q8, Numerics.FAST)).isEqualTo("scalar");
            assertThat(product(choice, F16, Numerics.FAST)).isEqualTo("scalar");
            assertThat(choice.attention(F16, F16, 64, 64, Numerics.FAST).provider())
                    .isEqualTo("scalar");
            assertThat(choice.rows().provider()).isEqualTo("scalar");
            assertThat(choice.describe()).startsWith(name + ": preferred, failed its self-test: matmul q8_0 FAST: ");
        }
        assertThat(logged)
                .anySatisfy(line -> assertThat(line)
                        .startsWith("WARNING kernel provider " + name + " is not used for matmul q8_0 FAST: failed its")
                        .contains("got="));
        try (KernelChoice choice = choice(name, idleFrom(sound), true)) {
            assertThatThrownBy(() -> choice.matMuls(Q8, Numerics.FAST))
                    .hasMessageStartingWith(
                            "kernel provider cannot be forced: name=" + name + ": failed its self-test");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"amx", "avx512-vnni", "avx2"})
    void shouldKeepTheKernelsThatAreRight(String name) {
        try (KernelChoice choice = choice(name, idleFrom(Integer.MAX_VALUE), false)) {
            assertThat(product(choice, Q8, Numerics.FAST)).isEqualTo(name);
            assertThat(logged).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"amx", "avx512-vnni", "avx2"})
    void shouldNotTrustAListOfFeaturesThatTheCpuDoesNotConfirm(String name) {
        try (KernelChoice choice = choice(name, idleFrom(0), false)) {
            assertThat(product(choice, Q8, Numerics.FAST)).isEqualTo("scalar");
        }
        assertThat(logged)
                .singleElement()
                .asString()
                .startsWith("WARNING kernel provider " + name + " is not used: failed to start: ")
                .contains("does not offer what the system lists: missing=[", "avx2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"amx", "avx512-vnni", "avx2"})
    void shouldDoWithoutPagesThatAreRefused(String name) {
        for (CodePages pages : List.of(PagesBut.none(), PagesBut.notExecutable())) {
            logged.clear();
            try (KernelChoice choice = choice(name, pages, false)) {
                assertThat(product(choice, Q8, Numerics.FAST)).isEqualTo("scalar");
                assertThat(choice.rows().provider()).isEqualTo("scalar");
            }
            assertThat(logged)
                    .singleElement()
                    .asString()
                    .startsWith("WARNING kernel provider " + name + " is not used: failed to start: ")
                    .endsWith("refused: errno=13");
        }
        assertThat(memory.used()).isZero();
    }
}
