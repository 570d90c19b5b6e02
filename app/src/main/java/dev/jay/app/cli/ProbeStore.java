// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.engine.Machine;
import dev.jay.engine.plan.Probe;
import dev.jay.tensor.memory.WholeFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.CRC32;

/** What machines can do, measured once and kept: a small file for each CPU, its kernels and thread count. */
final class ProbeStore {
    private static final long LEAST_BYTES = 32L << 20;
    private static final int MOST_FILE = 64 << 10;

    private final Shell shell;
    private final Path folder;

    ProbeStore(Shell shell) {
        this.shell = shell;
        this.folder = shell.settings().cacheFolder();
    }

    Path file(String machine) {
        CRC32 crc = new CRC32();
        crc.update(machine.getBytes(StandardCharsets.UTF_8));
        return folder.resolve(String.format("probe-%08x.txt", crc.getValue()));
    }

    /** What is known of this machine; what is not read as its own text is as good as not there. */
    Optional<Probe> find(String machine) throws IOException {
        Path file = file(machine);
        try {
            if (Files.size(file) > MOST_FILE) return Optional.empty();
            return Probe.parse(Files.readString(file, StandardCharsets.ISO_8859_1), machine);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** As {@link #find}; what cannot be read is not known. */
    Optional<Probe> known(String machine) {
        try {
            return find(machine);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    void keep(Probe probe) throws IOException {
        Files.createDirectories(folder);
        WholeFile.write(file(probe.machine()), probe.text().getBytes(StandardCharsets.ISO_8859_1));
    }

    /** The figures of this machine, measured now if they are not known. */
    Probe of(Machine machine) throws IOException {
        Optional<Probe> known = find(machine.name());
        if (known.isPresent()) return known.get();
        shell.say("jay: measuring this machine, once (some seconds; 'jay probe' does it again)");
        long room =
                shell.jvm().processBytes() == 0 ? Machine.BYTES : shell.jvm().processBytes() / 4;
        Probe measured = machine.measure(Math.clamp(room, LEAST_BYTES, Machine.BYTES));
        keep(measured);
        return measured;
    }

    /** Bytes a second at which this file is read, measured now if nothing is known of where it lies. */
    double diskRate(Machine machine, Probe probe, Path file) throws IOException {
        String place = place(file);
        Optional<Double> known = probe.diskRate(place);
        if (known.isPresent()) return known.get();
        double rate = machine.diskRate(file);
        if (rate > 0) keep(probe.withDiskRate(place, rate));
        return rate;
    }

    static String place(Path file) throws IOException {
        return Files.getFileStore(file).toString();
    }
}
