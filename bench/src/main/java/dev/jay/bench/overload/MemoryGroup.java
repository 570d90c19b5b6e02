// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.overload;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A memory cgroup of its own with a limit, v1 or v2, below this process's: whoever is in it is killed beyond that. */
final class MemoryGroup implements AutoCloseable {
    private static final int LOOKS = 50;
    private static final int BETWEEN_MILLIS = 100;

    private final Path folder;
    private final boolean old;

    private MemoryGroup(Path folder, boolean old) {
        this.folder = folder;
        this.old = old;
    }

    /** Empty where this process may not make one. */
    static Optional<MemoryGroup> of(long limitBytes) throws IOException {
        Path membership = Path.of("/proc/self/cgroup");
        if (!Files.isReadable(membership)) return Optional.empty();
        for (String line : Files.readAllLines(membership)) {
            String[] parts = line.split(":", 3);
            boolean old = parts[1].equals("memory");
            if (!old && !parts[1].isEmpty()) continue;
            Path own = Path.of(old ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup", parts[2]);
            MemoryGroup group =
                    new MemoryGroup(own.resolve("jay-" + ProcessHandle.current().pid() + "-" + System.nanoTime()), old);
            if (group.make(limitBytes)) return Optional.of(group);
        }
        return Optional.empty();
    }

    private boolean make(long limitBytes) throws IOException {
        try {
            Files.createDirectory(folder);
        } catch (IOException e) {
            return false;
        }
        Path limit = folder.resolve(old ? "memory.limit_in_bytes" : "memory.max");
        if (!Files.isWritable(limit)) {
            Files.delete(folder);
            return false;
        }
        Files.writeString(limit, Long.toString(limitBytes));
        return true;
    }

    /** Before a command: it is run inside. */
    List<String> enter() {
        return List.of("sh", "-c", "echo $$ >" + folder.resolve("cgroup.procs") + " && exec \"$@\"", "sh");
    }

    /** How often somebody inside was killed for want of memory. */
    long kills() throws IOException {
        for (String line : Files.readAllLines(folder.resolve(old ? "memory.oom_control" : "memory.events"))) {
            if (line.startsWith("oom_kill ")) return Long.parseLong(line.substring("oom_kill ".length()));
        }
        return 0;
    }

    /** The most that was counted to it, pages of files among it; 0 where the kernel does not tell. */
    long mostBytes() throws IOException {
        Path most = folder.resolve(old ? "memory.max_usage_in_bytes" : "memory.peak");
        return Files.exists(most) ? Long.parseLong(Files.readString(most).strip()) : 0;
    }

    /** When nobody is inside any more, or is about to be. */
    @Override
    public void close() throws IOException, InterruptedException {
        for (int left = LOOKS; ; left--) {
            try {
                Files.deleteIfExists(folder);
                return;
            } catch (FileSystemException e) { // whoever was killed is still on the way out
                if (left == 0) throw e;
                Thread.sleep(BETWEEN_MILLIS);
            }
        }
    }
}
