// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.app.http.Batch;
import dev.jay.app.http.BatchLine;
import dev.jay.engine.schedule.PrefixOrder;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The requests of a batch: looked through as a whole before anything runs, then read again, a window at a time, and put in
 * an order in which they share most. Only a window's tokens are held.
 */
final class BatchInput implements AutoCloseable {
    private static final int LONGEST = 16 << 20;

    /** Where a request stands in the file. */
    record Place(long from, int bytes) {}

    private final Path path;
    private final FileChannel file;
    private final int windowTokens;
    private Lines lines;

    /** @param windowTokens tokens of prompts that are put in order together */
    BatchInput(Path path, int windowTokens) throws IOException {
        this.path = path;
        this.windowTokens = windowTokens;
        this.file = FileChannel.open(path);
        this.lines = new Lines(file, LONGEST);
    }

    /** Holds every line to the form. Returns how many there are, blank ones left out. */
    long check() throws IOException {
        Set<String> seen = new HashSet<>();
        for (byte[] line; (line = lines.next()) != null; ) {
            if (isBlank(line)) continue;
            try {
                String id = BatchLine.customId(line);
                if (!seen.add(id)) throw wrong("custom_id '" + id + "' stands here again");
            } catch (BatchLine.BrokenException e) {
                throw wrong(e.getMessage());
            }
        }
        lines = new Lines(file, LONGEST);
        return seen.size();
    }

    private CommandException wrong(String why) {
        return new CommandException(ExitCode.MALFORMED, path + ", line " + lines.number() + ": " + why);
    }

    private static boolean isBlank(byte[] line) {
        for (byte b : line) if (b != ' ' && b != '\t' && b != '\r') return false;
        return true;
    }

    /** The requests of the next window, in the order to run them; empty at the end. @param done left out */
    List<Place> next(Batch batch, Set<String> done) throws IOException {
        List<Place> places = new ArrayList<>();
        List<int[]> prompts = new ArrayList<>();
        List<Integer> answers = new ArrayList<>();
        long tokens = 0;
        while (tokens < windowTokens) {
            byte[] line = lines.next();
            if (line == null) break;
            if (isBlank(line)) continue;
            try {
                BatchLine read = batch.read(line);
                if (done.contains(read.customId())) continue;
                places.add(new Place(lines.from(), line.length));
                prompts.add(read.prompt());
                answers.add(read.answer());
                tokens += read.prompt().length + 1L;
            } catch (BatchLine.BrokenException e) {
                throw wrong(e.getMessage());
            }
        }
        int[] order = PrefixOrder.of(
                prompts, answers.stream().mapToInt(Integer::intValue).toArray());
        List<Place> ordered = new ArrayList<>();
        for (int place : order) ordered.add(places.get(place));
        return ordered;
    }

    byte[] read(Place place) throws IOException {
        ByteBuffer line = ByteBuffer.allocate(place.bytes());
        while (line.hasRemaining()) {
            if (file.read(line, place.from() + line.position()) < 0) {
                throw new EOFException(path + " has become shorter while it was read");
            }
        }
        return line.array();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
