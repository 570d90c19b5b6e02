// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Reads what the operating system says of the machine. The one file that looks under /proc and /sys. */
final class CpuDetection {
    private static final String VECTOR_MODULE = "jdk.incubator.vector";

    private final Path root;
    private final int available;

    /**
     * @param root      where proc and sys are, {@code /} but in tests
     * @param available processors as the JVM counts them
     */
    CpuDetection(Path root, int available) {
        this.root = root;
        this.available = available;
    }

    static Cpu here() {
        CpuDetection d = new CpuDetection(Path.of("/"), Runtime.getRuntime().availableProcessors());
        return d.detect(ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent());
    }

    Cpu detect(boolean vectorModule) {
        String model = "unknown";
        Set<String> features = null;
        for (String line : lines(root.resolve("proc/cpuinfo"))) {
            int colon = line.indexOf(':');
            if (colon < 0) continue;
            String value = line.substring(colon + 1).strip();
            switch (line.substring(0, colon).strip()) {
                case "model name" -> model = model.equals("unknown") ? value : model;
                case "flags", "Features" -> {
                    Set<String> core = Set.of(distinct(value));
                    if (features == null) features = new TreeSet<>(core);
                    else features.retainAll(core); // cores may differ, and a thread may come to run on any of them
                }
                default -> {}
            }
        }
        if (features == null) features = Set.of();
        return new Cpu(model, features, vectorModule, cores());
    }

    private static String[] distinct(String words) {
        return Stream.of(words.toLowerCase(Locale.ROOT).split("\\s+"))
                .distinct()
                .toArray(String[]::new);
    }

    /** A quota of 1.5 cores is two threads: one of them is held back now and then. */
    private int cores() {
        double quota = Double.POSITIVE_INFINITY;
        for (String line : lines(root.resolve("proc/self/cgroup"))) {
            String[] parts = line.split(":", 3); // id : controllers : path
            if (parts.length < 3) continue;
            if (parts[1].isEmpty()) {
                quota = Math.min(quota, narrowest(root.resolve("sys/fs/cgroup"), parts[2], true));
            } else if (List.of(parts[1].split(",")).contains("cpu")) {
                quota = Math.min(quota, narrowest(root.resolve("sys/fs/cgroup").resolve(parts[1]), parts[2], false));
                quota = Math.min(quota, narrowest(root.resolve("sys/fs/cgroup/cpu"), parts[2], false));
            }
        }
        int cores = quota < available ? (int) Math.ceil(quota) : available;
        return Math.max(1, cores);
    }

    /** The least quota from the group up to the mount; a container may see only the upper part. */
    private double narrowest(Path mount, String group, boolean unified) {
        double least = Double.POSITIVE_INFINITY;
        Path at = mount.resolve(group.startsWith("/") ? group.substring(1) : group)
                .normalize();
        while (at != null && at.startsWith(mount)) {
            least = Math.min(least, unified ? unifiedQuota(at) : legacyQuota(at));
            at = at.getParent();
        }
        return least;
    }

    private double unifiedQuota(Path group) {
        List<String> text = lines(group.resolve("cpu.max")); // "max 100000" or "150000 100000"
        String[] parts =
                text.isEmpty() ? new String[0] : text.getFirst().strip().split("\\s+");
        return parts.length == 2 ? ratio(parts[0], parts[1]) : Double.POSITIVE_INFINITY;
    }

    private double legacyQuota(Path group) {
        List<String> quota = lines(group.resolve("cpu.cfs_quota_us")); // -1: none
        List<String> period = lines(group.resolve("cpu.cfs_period_us"));
        if (quota.isEmpty() || period.isEmpty()) return Double.POSITIVE_INFINITY;
        return ratio(quota.getFirst().strip(), period.getFirst().strip());
    }

    private static double ratio(String quota, String period) {
        try {
            double q = Double.parseDouble(quota);
            double p = Double.parseDouble(period);
            return q > 0 && p > 0 ? q / p : Double.POSITIVE_INFINITY;
        } catch (NumberFormatException e) {
            return Double.POSITIVE_INFINITY; // "max"
        }
    }

    private static List<String> lines(Path file) {
        try {
            return Files.isReadable(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException e) {
            return List.of(); // what the system does not tell is not known
        }
    }
}
