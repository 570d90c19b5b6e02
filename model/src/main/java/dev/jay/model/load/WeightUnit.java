// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.memory.DirectFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What is held at once: the tensors of a layer, or some rows of the head, as runs of bytes of files. Its image is these
 * runs, each widened to what a direct read needs, one after the other.
 */
final class WeightUnit {
    /** Bytes [from, to) of a file, at {@code at} in the image; all three multiples of {@link DirectFile#ALIGNMENT}. */
    private record Run(int file, long from, long to, long last, long at) {}

    /** Some bytes of a tensor: where they are in their file. */
    record Part(String name, int file, long from, long bytes) {
        long to() {
            return from + bytes;
        }
    }

    private static final long GAP = 64 << 10; // read over, rather than asked for twice

    private final List<Run> runs = new ArrayList<>();
    private final Map<String, Long> places = new HashMap<>();
    private long imageBytes;
    private MemorySegment image; // guarded by StreamedWeights; null: not in memory

    /** @param parts in any order */
    WeightUnit(List<Part> parts) {
        List<Part> sorted = parts.stream()
                .sorted((a, b) -> a.file() != b.file() ? a.file() - b.file() : Long.compare(a.from(), b.from()))
                .toList();
        for (int i = 0; i < sorted.size(); ) {
            int end = i + 1;
            long last = sorted.get(i).to();
            while (end < sorted.size()
                    && sorted.get(end).file() == sorted.get(i).file()
                    && sorted.get(end).from() - last <= GAP) {
                last = Math.max(last, sorted.get(end++).to());
            }
            add(sorted.subList(i, end), last);
            i = end;
        }
    }

    private void add(List<Part> parts, long last) {
        Part first = parts.getFirst();
        long from = first.from() / DirectFile.ALIGNMENT * DirectFile.ALIGNMENT;
        long to = Math.ceilDiv(last, DirectFile.ALIGNMENT) * DirectFile.ALIGNMENT;
        runs.add(new Run(first.file(), from, to, last, imageBytes));
        for (Part p : parts) places.put(p.name(), imageBytes + p.from() - from);
        imageBytes += to - from;
    }

    /** Bytes of memory that it takes. */
    long imageBytes() {
        return imageBytes;
    }

    /** Fills an image, of at least {@link #imageBytes}, from the files. */
    void read(List<DirectFile> files, MemorySegment into) throws IOException {
        for (Run run : runs) {
            files.get(run.file())
                    .read(run.from(), into.asSlice(run.at(), run.to() - run.from()), run.last() - run.from());
        }
    }

    void isAt(MemorySegment where) {
        image = where;
    }

    /** Bytes of a tensor of it, while it is held. */
    MemorySegment bytes(String name, long bytes) {
        MemorySegment at = image;
        if (at == null) throw new IllegalStateException("weights are used while not held: tensor=" + name);
        return at.asSlice(places.get(name), bytes);
    }
}
