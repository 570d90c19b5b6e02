// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What Linux counts of memory around this process: what the machine leaves, what every memory cgroup above the process
 * leaves (v1, v2, or both at once), and for how much of the time somebody stood still for want of memory (pressure stall
 * information). Elsewhere there is nothing to read, and so no limit. Keeps nothing; may be read from any thread.
 */
public final class SystemMemory {
    private static final long NO_LIMIT = 1L << 60; // v1 writes "none" as the largest multiple of a page
    private static final Pattern SIZE = Pattern.compile("(?:total_)?(?:in)?active_file (\\d+)");
    private static final Pattern STALL = Pattern.compile("(some|full) avg10=(\\d+(?:\\.\\d+)?) .*");

    private final Path root;

    /**
     * A memory cgroup with a limit.
     *
     * @param limitBytes the least of its limits: where the kernel kills, or holds up whoever allocates (v2's {@code high})
     * @param usedBytes  counted against it
     * @param fileBytes  of these, pages of files: the kernel drops them before it kills
     */
    public record Group(Path folder, long limitBytes, long usedBytes, long fileBytes) {}

    /**
     * Parts of the last ten seconds, in percent.
     *
     * @param some in which somebody stood still
     * @param full in which everybody did
     */
    public record Stall(double some, double full) {
        public static final Stall NONE = new Stall(0, 0);
    }

    /**
     * @param totalBytes     of the machine; 0 where it does not tell
     * @param availableBytes that it could give without swapping
     * @param mappedBytes    pages of files that are resident in this process: what drops them takes its weights away
     * @param groups         those with a limit, the process's own first
     * @param machine        stalls of the whole machine
     * @param own            stalls of the process's own group, where it has one (v2)
     */
    public record Reading(
            long totalBytes, long availableBytes, long mappedBytes, List<Group> groups, Stall machine, Stall own) {
        /** What may still be allocated before a group's limit is reached, this process's own mapped pages kept. */
        public long leftBytes(Group group) {
            return group.limitBytes() - group.usedBytes() + Math.max(0, group.fileBytes() - mappedBytes);
        }
    }

    private SystemMemory(Path root) {
        this.root = root;
    }

    public static SystemMemory here() {
        return new SystemMemory(Path.of("/"));
    }

    /** @param root a folder with {@code proc} and {@code sys} in it */
    public static SystemMemory at(Path root) {
        return new SystemMemory(root);
    }

    /** Takes a tenth of a millisecond, and more where the system is short. */
    public Reading read() {
        List<Group> groups = new ArrayList<>();
        Stall own = Stall.NONE;
        for (String line : lines(root.resolve("proc/self/cgroup"))) {
            String[] parts = line.split(":", 3); // number, controllers, path
            if (parts.length < 3) continue;
            if (List.of(parts[1].split(",")).contains("memory")) {
                above(root.resolve("sys/fs/cgroup/memory"), parts[2], groups);
            } else if (parts[1].isEmpty()) {
                for (String mount : List.of("sys/fs/cgroup", "sys/fs/cgroup/unified")) {
                    Path folder = above(root.resolve(mount), parts[2], groups);
                    if (Files.exists(folder.resolve("memory.pressure"))) own = stall(folder.resolve("memory.pressure"));
                }
            }
        }
        return new Reading(
                kilobytes("proc/meminfo", "MemTotal:"),
                kilobytes("proc/meminfo", "MemAvailable:"),
                kilobytes("proc/self/status", "RssFile:"),
                List.copyOf(groups),
                stall(root.resolve("proc/pressure/memory")),
                own);
    }

    /** Adds the group and all above it, as far as this process sees them. Returns the group's folder. */
    private Path above(Path mount, String path, List<Group> groups) {
        Path own = mount.resolve(path.replaceFirst("^/+", "")).normalize();
        // inside a container the path may be the host's: then only the mount itself is there
        if (!own.startsWith(mount) || !Files.isDirectory(own)) own = mount;
        for (Path folder = own; folder.startsWith(mount); folder = folder.getParent()) {
            long limit = Math.min(
                    limit(folder.resolve("memory.limit_in_bytes")),
                    Math.min(limit(folder.resolve("memory.max")), limit(folder.resolve("memory.high"))));
            if (limit >= NO_LIMIT) continue;
            long used =
                    Math.max(number(folder.resolve("memory.usage_in_bytes")), number(folder.resolve("memory.current")));
            groups.add(new Group(folder, limit, used, fileBytes(folder)));
        }
        return own;
    }

    private static long limit(Path file) {
        long limit = number(file); // "max" is no number
        return limit < 0 ? NO_LIMIT : limit;
    }

    /** Of v1 the lines that count the groups below, too; v2 has no others. */
    private static long fileBytes(Path folder) {
        List<String> lines = lines(folder.resolve("memory.stat"));
        boolean old = lines.stream().anyMatch(l -> l.startsWith("total_"));
        long sum = 0;
        for (String line : lines) {
            Matcher size = SIZE.matcher(line);
            if (line.startsWith("total_") == old && size.matches()) sum += parsed(size.group(1));
        }
        return sum;
    }

    private static Stall stall(Path file) {
        double some = 0;
        double full = 0;
        for (String line : lines(file)) {
            Matcher m = STALL.matcher(line);
            if (!m.matches()) continue;
            if (m.group(1).equals("some")) some = Double.parseDouble(m.group(2));
            else full = Double.parseDouble(m.group(2));
        }
        return some == 0 && full == 0 ? Stall.NONE : new Stall(some, full);
    }

    private long kilobytes(String file, String name) {
        for (String line : lines(root.resolve(file))) {
            if (line.startsWith(name)) return parsed(line.replaceAll("\\D", "")) * 1024;
        }
        return 0;
    }

    /** The number that is all a file says; -1 if it says something else, or is not there. */
    private static long number(Path file) {
        List<String> lines = lines(file);
        return lines.size() == 1 ? parsed(lines.getFirst()) : -1;
    }

    private static long parsed(String digits) {
        if (!digits.matches("\\d{1,19}")) return -1;
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException e) {
            return Long.MAX_VALUE; // v2 accepts limits beyond a long
        }
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            return List.of();
        }
    }
}
