// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import static dev.jay.tensor.memory.SystemLayout.mib;
import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.tensor.Shared;
import dev.jay.tensor.memory.SystemLayout;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What the launcher takes for free: its own lines, run over folders laid out as the kernel lays them out. */
@DisabledOnOs(OS.WINDOWS)
class LauncherRoomTest {
    private static final String V2 = "/sys/fs/cgroup";

    @TempDir
    Path root;

    private SystemLayout layout;

    @BeforeEach
    void layOut() throws IOException {
        layout = new SystemLayout(root, 16384, 8000);
    }

    private long freeMib() throws IOException, InterruptedException {
        String script = Files.readString(Shared.root().resolve("jay"));
        int from = script.indexOf("free_memory() {");
        int to = script.indexOf("if [ -z \"$memory\" ]; then\n    free_memory");
        assertThat(from).isPositive();
        assertThat(to).isGreaterThan(from);
        String lines =
                script.substring(from, to).replace("/proc/", root + "/proc/").replace("/sys/", root + "/sys/");
        Process process = new ProcessBuilder("sh", "-uc", lines + "\nfree_memory; echo $free")
                .redirectErrorStream(true)
                .start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertThat(process.waitFor()).as(out).isZero();
        return Long.parseLong(out);
    }

    @Test
    void shouldTakeWhatTheMachineLeavesWhereNoGroupHasALimit() throws Exception {
        assertThat(freeMib()).isEqualTo(8000);
        layout.member("4:memory:/x").v1("/x", "9223372036854771712", 700, 0).member("0::/y");
        layout.v2(V2, "/y", "max", "max", 700, 0);
        assertThat(freeMib()).isEqualTo(8000);
    }

    @Test
    void shouldTakeTheLeastThatAGroupOfV1LeavesUpToTheRoot() throws Exception {
        layout.member("3:cpu,memory:/a/b").v1("/a/b", mib(4000), 1000, 500).v1("/a", mib(3000), 1200, 0);
        assertThat(freeMib()).isEqualTo(1800);
    }

    @Test
    void shouldTakeTheMountWhereThePathIsTheHosts() throws Exception {
        layout.member("4:memory:/kubepods/pod1/abc").v1("", mib(512), 100, 50);
        assertThat(freeMib()).isEqualTo(462);
    }

    @Test
    void shouldTakeTheLeastThatAGroupOfV2LeavesItsHighAmongThem() throws Exception {
        layout.member("0::/a/b").v2(V2, "/a/b", "max", mib(2000), 800, 100).v2(V2, "/a", mib(5000), "max", 900, 0);
        assertThat(freeMib()).isEqualTo(1300);
    }

    @Test
    void shouldTakeBothHierarchiesWhereBothAreThere() throws Exception {
        layout.member("9:memory:/x").v1("/x", mib(700), 100, 0);
        layout.member("0::/y").v2("/sys/fs/cgroup/unified", "/y", mib(500), "max", 50, 0);
        assertThat(freeMib()).isEqualTo(450);
    }

    @Test
    void shouldTakeNothingForFreeWhereMoreIsUsedThanALimitAllows() throws Exception {
        layout.member("0::/x").v2(V2, "/x", mib(100), "max", 150, 20);
        assertThat(freeMib()).isZero();
    }
}
