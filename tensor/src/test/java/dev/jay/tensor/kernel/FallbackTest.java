// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.jay.tensor.SystemRefusals;
import dev.jay.tensor.SystemRefusals.What;
import dev.jay.tensor.asm.x86.CpuId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What runs where the system really refuses something: in processes of their own. */
class FallbackTest {
    private static final String VECTOR = "--add-modules=jdk.incubator.vector";

    private final Cpu cpu = Cpu.detect();

    @BeforeEach
    void onlyOnX86() {
        assumeTrue(CpuId.isX86() && cpu.has("avx2"), "there is no machine code to be refused");
        for (What what : What.values()) assumeFalse(SystemRefusals.has(what), "this run is refused something itself");
    }

    private static List<String> said(List<String> flags, String... refused) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED"));
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), ChosenHere.class.getName()));
        command.addAll(List.of(refused));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(said).isZero();
            return said.lines().toList();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void shouldRunWithoutExecutablePagesAndSayWhy() throws Exception {
        List<String> said = said(List.of(VECTOR), "executable-pages");
        assertThat(said).contains("products: vector", "attention: vector", "rows: vector", "gemm: scalar");
        assertThat(said)
                .filteredOn(line -> line.contains("kernel provider avx2 is not used"))
                .singleElement()
                .asString()
                .contains("failed to start", "mprotect of pages to executable was refused", "errno=13");
        assertThat(said).noneMatch(line -> line.startsWith("\tat ")); // a line, and no trace
    }

    @Test
    void shouldRunOnTheDefinitionWithoutExecutablePagesAndWithoutTheVectorModule() throws Exception {
        List<String> said = said(List.of(), "executable-pages");
        assertThat(said).contains("products: scalar", "attention: scalar", "rows: scalar", "gemm: scalar");
        assertThat(said)
                .filteredOn(line -> line.startsWith("choice: "))
                .singleElement()
                .asString()
                .contains("vector: needs the module jdk.incubator.vector");
    }

    @Test
    void shouldRunMachineCodeWithoutTheVectorModule() throws Exception {
        String best = cpu.features().containsAll(Set.of("avx512f", "avx512_vnni", "avx512vl")) ? "avx512-vnni" : "avx2";
        assertThat(said(List.of())).contains("products: " + best, "attention: " + best, "rows: " + best);
    }

    @Test
    void shouldRunWithoutTilesThatTheSystemDoesNotLend() throws Exception {
        assumeTrue(cpu.has("amx_tile") && cpu.has("amx_bf16"), "there are no tiles to be refused");
        List<String> said = said(List.of(VECTOR), "tiles");
        assertThat(said)
                .filteredOn(line -> line.startsWith("choice: "))
                .singleElement()
                .asString()
                .startsWith("choice: avx512-vnni: preferred")
                .contains("amx: the system does not let this process use tiles");
        assertThat(said).contains("products: avx512-vnni");
    }
}
