// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import static dev.jay.tensor.memory.SystemLayout.mib;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Limits and stalls, read from folders laid out as the kernel lays them out. */
class SystemMemoryTest {
    private static final long MIB = 1 << 20;
    private static final String V2 = "/sys/fs/cgroup";

    @TempDir
    Path root;

    private SystemLayout layout() throws IOException {
        return new SystemLayout(root, 16384, 8000);
    }

    private SystemMemory.Reading read() {
        return SystemMemory.at(root).read();
    }

    @Test
    void shouldReadTheMachineWhereThereAreNoGroups() throws IOException {
        layout();
        SystemMemory.Reading r = read();
        assertThat(r.totalBytes()).isEqualTo(16384 * MIB);
        assertThat(r.availableBytes()).isEqualTo(8000 * MIB);
        assertThat(r.groups()).isEmpty();
        assertThat(r.machine()).isEqualTo(SystemMemory.Stall.NONE);
    }

    @Test
    void shouldReadNothingWhereThereIsNothing() {
        SystemMemory.Reading r = read();
        assertThat(r.totalBytes()).isZero();
        assertThat(r.groups()).isEmpty();
    }

    @Test
    void shouldReadV1WithTheGroupsAboveIt() throws IOException {
        layout().member("5:cpu,cpuacct:/docker/x")
                .member("4:memory:/docker/x")
                .v1("", "9223372036854771712", 5000, 3000)
                .v1("/docker", mib(2048), 900, 300)
                .v1("/docker/x", mib(1024), 700, 200);
        SystemMemory.Reading r = read();
        assertThat(r.groups()).extracting(SystemMemory.Group::limitBytes).containsExactly(1024 * MIB, 2048 * MIB);
        assertThat(r.leftBytes(r.groups().get(0))).isEqualTo((1024 - 700 + 200) * MIB);
        assertThat(r.leftBytes(r.groups().get(1))).isEqualTo((2048 - 900 + 300) * MIB);
    }

    @Test
    void shouldReadV1AmongOtherControllers() throws IOException {
        layout().member("4:cpu,memory:/x").v1("/x", mib(300), 100, 0);
        assertThat(read().groups()).hasSize(1);
    }

    @Test
    void shouldReadTheMountWhereThePathIsTheHosts() throws IOException {
        layout().member("4:memory:/kubepods/pod1/abc").v1("", mib(512), 100, 50);
        SystemMemory.Reading r = read();
        assertThat(r.groups()).hasSize(1);
        assertThat(r.leftBytes(r.groups().getFirst())).isEqualTo(462 * MIB);
    }

    @Test
    void shouldReadV2NestedWithMaxAndHigh() throws IOException {
        layout().member("0::/a/b/c")
                .v2(V2, "/a", mib(4096), "max", 1000, 0)
                .v2(V2, "/a/b", "max", "max", 900, 0)
                .v2(V2, "/a/b/c", mib(2000), mib(1500), 800, 100);
        SystemMemory.Reading r = read();
        assertThat(r.groups()).extracting(SystemMemory.Group::limitBytes).containsExactly(1500 * MIB, 4096 * MIB);
        assertThat(r.leftBytes(r.groups().getFirst())).isEqualTo(800 * MIB);
    }

    @Test
    void shouldReadV2FromInsideANamespace() throws IOException {
        for (String path : new String[] {"/", "/../../outside"}) {
            layout().member("0::" + path).v2(V2, "", mib(256), "max", 200, 20);
            SystemMemory.Reading r = read();
            assertThat(r.groups()).as(path).hasSize(1);
            assertThat(r.leftBytes(r.groups().getFirst())).isEqualTo(76 * MIB);
        }
    }

    @Test
    void shouldReadBothHierarchiesWhereBothAreThere() throws IOException {
        layout().member("9:memory:/x")
                .member("0::/y")
                .v1("/x", mib(700), 100, 0)
                .v2("/sys/fs/cgroup/unified", "/y", mib(600), "max", 50, 0);
        assertThat(read().groups())
                .extracting(SystemMemory.Group::limitBytes)
                .containsExactlyInAnyOrder(700 * MIB, 600 * MIB);
    }

    @Test
    void shouldKeepItsOwnMappedPagesOutOfWhatMayBeDropped() throws IOException {
        SystemLayout layout = layout().member("0::/x").v2(V2, "/x", mib(1000), "max", 900, 600);
        layout.write("proc/self/status", "VmRSS: 2 kB\nRssFile:\t  " + 500 * 1024 + " kB\n");
        SystemMemory.Reading r = read();
        assertThat(r.leftBytes(r.groups().getFirst())).isEqualTo(200 * MIB);
    }

    @Test
    void shouldReadStallsOfTheMachineAndOfItsGroup() throws IOException {
        SystemLayout layout = layout().member("0::/x").v2(V2, "/x", "max", "max", 10, 0);
        String none =
                "some avg10=0.00 avg60=9.00 avg300=0.00 total=4\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n";
        layout.write("proc/pressure/memory", none.replaceFirst("avg10=0.00", "avg10=12.50"));
        layout.write("sys/fs/cgroup/x/memory.pressure", none.replace("full avg10=0.00", "full avg10=33.00"));
        SystemMemory.Reading r = read();
        assertThat(r.machine()).isEqualTo(new SystemMemory.Stall(12.5, 0));
        assertThat(r.own()).isEqualTo(new SystemMemory.Stall(0, 33));
    }

    @Test
    void shouldTakeWhatIsNoNumberForNoLimit() throws IOException {
        layout().member("0::/x").v2(V2, "/x", "-5", "99999999999999999999999", 10, 0);
        assertThat(read().groups()).isEmpty();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void shouldReadThisMachine() {
        SystemMemory.Reading r = SystemMemory.here().read();
        assertThat(r.totalBytes()).isPositive();
        assertThat(r.availableBytes()).isBetween(1L, r.totalBytes());
        assertThat(r.mappedBytes()).isPositive();
    }
}
