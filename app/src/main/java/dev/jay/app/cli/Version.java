// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What this is and what it runs on: the first thing a bug report needs. */
final class Version {
    private final Shell shell;

    Version(Shell shell) {
        this.shell = shell;
    }

    /** As the jar says; a build that never became a jar has none. */
    static String number() {
        return Optional.ofNullable(Version.class.getPackage().getImplementationVersion())
                .orElse("unknown");
    }

    String text() {
        Cpu cpu = Cpu.detect();
        Runtime.Version jdk = Runtime.version();
        return "jay " + number() + " (commit " + commit() + ")\n"
                + "JDK " + jdk + ", " + System.getProperty("java.vendor") + ", " + System.getProperty("java.home")
                + "\n"
                + "CPU " + cpu.model() + ", cores=" + cpu.cores() + ", "
                + System.getProperty("os.name") + " " + System.getProperty("os.arch") + "\n"
                + "kernels: " + kernels(cpu) + "\n";
    }

    private String kernels(Cpu cpu) {
        String forced =
                shell.settings().find("kernels").map(Settings.Found::value).orElse(null);
        try (Memory memory = Memory.withBudget(Long.MAX_VALUE);
                KernelChoice choice = KernelProviders.choose(cpu, forced, memory)) {
            return choice.describe();
        }
    }

    /** What the launcher noted when it built this. */
    private String commit() {
        Optional<Path> note = shell.home().map(home -> home.resolve("commit")).filter(Files::isRegularFile);
        if (note.isEmpty()) return "unknown";
        try {
            return Files.readString(note.get()).strip();
        } catch (IOException e) {
            return "unknown";
        }
    }
}
