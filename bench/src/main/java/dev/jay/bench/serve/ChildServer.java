// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.serve;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code jay serve} in a process of its own. */
public final class ChildServer implements AutoCloseable {
    private static final Pattern URL = Pattern.compile("http://[0-9.]+:\\d+");
    private static final int LAST_LINES = 20;
    private static final int STOP_SECONDS = 120;

    private final Process process;
    private final Deque<String> said = new ArrayDeque<>();
    private final String url;
    private long peakBytes;

    /**
     * Returns when it listens.
     *
     * @param before what the command line begins with: another program that becomes this one
     */
    public ChildServer(List<String> before, String jay, List<String> arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(before);
        command.addAll(List.of("sh", jay, "serve"));
        command.addAll(arguments);
        command.addAll(List.of("--port", "0"));
        process = new ProcessBuilder(command).redirectErrorStream(true).start();
        BufferedReader lines = process.inputReader(StandardCharsets.UTF_8);
        String found = null;
        for (String line; found == null && (line = lines.readLine()) != null; ) {
            remember(line);
            Matcher m = URL.matcher(line);
            if (line.contains("answers for") && m.find()) found = m.group();
        }
        if (found == null) {
            close();
            throw new IOException("the server did not start: " + said());
        }
        url = found;
        Thread.ofVirtual().start(() -> {
            try {
                for (String line; (line = lines.readLine()) != null; ) remember(line);
            } catch (IOException | UncheckedIOException e) {
                remember("its output broke off: " + e.getMessage());
            }
        });
    }

    private synchronized void remember(String line) {
        said.add(line);
        if (said.size() > LAST_LINES) said.remove();
    }

    /** The last lines it wrote. */
    public synchronized String said() {
        return String.join(" | ", said);
    }

    public String url() {
        return url;
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** The most bytes that were resident at once, by the kernel's count; as of the last look once it has ended. */
    public long peakBytes() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
                if (line.startsWith("VmHWM:")) peakBytes = Long.parseLong(line.replaceAll("\\D", "")) * 1024;
            }
        } catch (IOException e) {
            return peakBytes; // it has ended
        }
        return peakBytes;
    }

    /** Asks it to end. Returns its exit status; -1 if it had to be killed. */
    public int stop() throws InterruptedException {
        process.destroy();
        if (process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) return process.exitValue();
        close();
        return -1;
    }

    /** Kills it, if it still runs. */
    @Override
    public void close() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
    }
}
