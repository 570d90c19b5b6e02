// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A folder laid out as {@code /proc} and {@code /sys/fs/cgroup} are, for whatever reads them. */
public final class SystemLayout {
    private static final long MIB = 1 << 20;

    private final Path root;
    private final List<String> groups = new ArrayList<>();

    public SystemLayout(Path root, long totalMib, long availableMib) throws IOException {
        this.root = root;
        write(
                "proc/meminfo",
                "MemTotal:  " + totalMib * 1024 + " kB\nMemFree:  1 kB\nMemAvailable: " + availableMib * 1024
                        + " kB\n");
        write("proc/self/cgroup", "");
    }

    public void write(String file, String text) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }

    /** A line of {@code /proc/self/cgroup}. */
    public SystemLayout member(String line) throws IOException {
        groups.add(line);
        write("proc/self/cgroup", String.join("\n", groups) + "\n");
        return this;
    }

    /** @param limit what the file says: a number of bytes, or not */
    public SystemLayout v1(String group, String limit, long usedMib, long filesMib) throws IOException {
        String folder = "sys/fs/cgroup/memory" + group;
        write(folder + "/memory.limit_in_bytes", limit + "\n");
        write(folder + "/memory.usage_in_bytes", usedMib * MIB + "\n");
        // the first lines count this group alone: what is below it is in the others
        write(
                folder + "/memory.stat",
                "cache 1\ninactive_file 7\nactive_file 7\ntotal_cache " + 5 * filesMib * MIB + "\ntotal_inactive_file "
                        + (filesMib * MIB - 4096) + "\ntotal_active_file 4096\n");
        return this;
    }

    /** @param mount {@code /sys/fs/cgroup}, or that of the second hierarchy beside v1 */
    public SystemLayout v2(String mount, String group, String max, String high, long usedMib, long filesMib)
            throws IOException {
        String folder = mount.substring(1) + group;
        write(folder + "/memory.max", max + "\n");
        write(folder + "/memory.high", high + "\n");
        write(folder + "/memory.current", usedMib * MIB + "\n");
        write(
                folder + "/memory.stat",
                "anon 5\nfile " + 9 * filesMib * MIB + "\ninactive_file 4096\nactive_file " + (filesMib * MIB - 4096)
                        + "\nslab 3\n");
        return this;
    }

    public static String mib(long mib) {
        return Long.toString(mib * MIB);
    }
}
