// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CpuDetectionTest {
    @TempDir
    Path root;

    @BeforeEach
    void cpu() throws IOException {
        write(
                "proc/cpuinfo",
                "processor : 0\nmodel name\t: Some CPU @ 3: GHz\nflags\t\t: fpu AVX512F  avx2\n\nprocessor: 1\n");
    }

    @Test
    void shouldReadModelAndFeatures() {
        Cpu cpu = new CpuDetection(root, 4).detect(true);
        assertThat(cpu.model()).isEqualTo("Some CPU @ 3: GHz");
        assertThat(cpu.has("avx512f")).isTrue();
        assertThat(cpu.has("amx_bf16")).isFalse();
        assertThat(cpu.vectorModule()).isTrue();
        assertThat(cpu.cores()).isEqualTo(4);
    }

    @Test
    void shouldKnowOnlyWhatEveryCoreHas() throws IOException {
        write("proc/cpuinfo", "model name : big\nflags : avx2 avx512f fma\nmodel name : little\nflags : avx2 fma\n");
        assertThat(new CpuDetection(root, 4).detect(false)).isEqualTo(new Cpu("big", Set.of("avx2", "fma"), false, 4));
    }

    @Test
    void shouldTakeTheNarrowestQuotaOfNestedGroups() throws IOException {
        write("proc/self/cgroup", "0::/a/b\n");
        write("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
        write("sys/fs/cgroup/a/cpu.max", "250000 100000\n");
        assertThat(cores(16)).isEqualTo(3);
        write("sys/fs/cgroup/a/b/cpu.max", "50000 100000\n");
        assertThat(cores(16)).isEqualTo(1);
    }

    @Test
    void shouldReadTheOldHierarchy() throws IOException {
        write("proc/self/cgroup", "12:memory:/x\n4:cpu,cpuacct:/docker/id\n");
        write(
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us",
                "400000\n"); // the container's own view: the mount is its group
        write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
        assertThat(cores(16)).isEqualTo(4);
        write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
        assertThat(cores(16)).isEqualTo(16);
    }

    @Test
    void shouldLiveWithNothingAndWithNonsense() throws IOException {
        assertThat(new CpuDetection(root.resolve("absent"), 2).detect(false))
                .isEqualTo(new Cpu("unknown", Set.of(), false, 2));
        write("proc/self/cgroup", "0::/../../etc\nnonsense\n::\n");
        write("sys/fs/cgroup/cpu.max", "-3 0\n");
        assertThat(cores(2)).isEqualTo(2);
    }

    @Test
    void shouldSayWhatThisMachineIs() {
        Cpu cpu = Cpu.detect();
        assertThat(cpu.cores()).isBetween(1, Runtime.getRuntime().availableProcessors());
    }

    private int cores(int available) {
        return new CpuDetection(root, available).detect(false).cores();
    }

    private void write(String path, String text) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
