// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.start;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * One process from its start to its end.
 *
 * @param firstSeconds until its first byte on standard output; until its end if it wrote none
 * @param wholeSeconds until its end
 * @param besideBytes  the most resident bytes seen, mapped pages of the file aside; 0 where the system does not tell, or
 *     nobody looked
 */
record OneStart(double firstSeconds, double wholeSeconds, long besideBytes) {
    private static final int LOOK_MILLIS = 4;

    /**
     * @param file whose pages do not count; none: the process's memory is not looked at, which would hold it up
     * @throws IOException if it cannot be started, or fails
     */
    static OneStart of(String command, Optional<Path> file) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        Process process = new ProcessBuilder(List.of(command.trim().split(" +")))
                .redirectInput(new File("/dev/null"))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        double[] first = {0};
        Thread reader = Thread.ofPlatform().daemon().start(() -> {
            try (InputStream from = process.getInputStream()) {
                if (from.read() >= 0) first[0] = seconds(begin);
                from.transferTo(OutputStream.nullOutputStream());
            } catch (IOException e) {
                first[0] = 0; // it has gone: its exit status says more
            }
        });
        long most = 0;
        if (file.isPresent()) {
            while (!process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                most = Math.max(most, beside(process.pid(), file.get()));
            }
        } else {
            process.waitFor();
        }
        double whole = seconds(begin);
        reader.join();
        if (process.exitValue() != 0) throw new IOException("exit status " + process.exitValue() + " of: " + command);
        return new OneStart(first[0] == 0 ? whole : first[0], whole, most);
    }

    private static double seconds(long begin) {
        return (System.nanoTime() - begin) / 1e9;
    }

    /** Resident bytes of every mapping that is not of the file. */
    private static long beside(long process, Path file) throws IOException {
        Path maps = Path.of("/proc/" + process + "/smaps");
        if (!Files.isReadable(maps)) return 0;
        List<String> lines;
        try {
            lines = Files.readAllLines(maps);
        } catch (IOException e) {
            return 0; // it ended meanwhile
        }
        return beside(lines, file.toRealPath().toString());
    }

    static long beside(List<String> smaps, String file) {
        long bytes = 0;
        boolean isFile = false;
        for (String line : smaps) {
            if (line.startsWith("Rss:")) {
                if (!isFile) bytes += Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
            } else if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
                isFile = line.endsWith(" " + file);
            }
        }
        return bytes;
    }
}
