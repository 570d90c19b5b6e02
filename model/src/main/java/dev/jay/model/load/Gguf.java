// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.memory.MappedFile;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A GGUF model, versions 2 and 3, of one file or of several ({@code NAME-00001-of-00003.gguf}). The files are mapped and
 * no tensor is copied; the metadata is the first part's. Owns its mappings: entries die with it.
 */
public final class Gguf implements WeightSource {
    private static final String PURPOSE = "weights";
    private static final Pattern PART_NAME = Pattern.compile("(.*-)(\\d{5})(-of-)(\\d{5})(\\.gguf)");
    private static final String SPLIT_COUNT = "split.count";
    private static final String SPLIT_NUMBER = "split.no";
    private static final String SPLIT_TENSORS = "split.tensors.count";

    /** Keys that speak of the parts of a split model. */
    static final List<String> SPLIT_KEYS = List.of(SPLIT_COUNT, SPLIT_NUMBER, SPLIT_TENSORS);

    private final List<MappedFile> files;
    private final GgufPart first;
    private final Map<String, Entry> entries;

    private Gguf(List<MappedFile> files, List<GgufPart> parts) {
        this.files = List.copyOf(files);
        this.first = parts.getFirst();
        this.entries = merge(parts);
    }

    /**
     * Opens a file, and with any part of a split model all its parts.
     *
     * @throws MalformedModelException if the bytes are not a GGUF model, or a part is missing
     */
    public static Gguf open(Memory memory, Path path) throws IOException {
        List<MappedFile> files = new ArrayList<>();
        try {
            GgufPart part = map(memory, path, files);
            int count = splitCount(part);
            return count == 1 ? new Gguf(files, List.of(part)) : openParts(memory, part, count, files);
        } catch (IOException | RuntimeException | Error e) {
            files.forEach(MappedFile::close);
            throw e;
        }
    }

    /** Reads a model out of bytes that the caller owns; {@code name} stands for the path in errors. */
    public static Gguf of(MemorySegment bytes, Path name) {
        GgufPart part = GgufPart.read(name, bytes);
        if (splitCount(part) != 1)
            throw new MalformedModelException(name, 0, "one part of a split model, without the others");
        return new Gguf(List.of(), List.of(part));
    }

    /** Whether its name is not that of a later part of a split model. */
    static boolean isFirst(Path path) {
        Matcher name = PART_NAME.matcher(path.getFileName().toString());
        return !name.matches() || Integer.parseInt(name.group(2)) == 1;
    }

    private static GgufPart map(Memory memory, Path path, List<MappedFile> files) throws IOException {
        MappedFile file = memory.map(PURPOSE, path);
        files.add(file);
        return GgufPart.read(path, file.bytes());
    }

    private static Gguf openParts(Memory memory, GgufPart given, int count, List<MappedFile> files) throws IOException {
        Path path = given.path();
        Matcher name = PART_NAME.matcher(path.getFileName().toString());
        if (!name.matches() || Integer.parseInt(name.group(4)) != count) {
            throw new MalformedModelException(
                    path,
                    0,
                    "one of " + count + " parts, but its name does not say which: wanted=NAME-00001-of-"
                            + "%05d".formatted(count) + ".gguf");
        }
        int givenNumber = Integer.parseInt(name.group(2)) - 1;
        checkPart(given, givenNumber, count);
        List<GgufPart> parts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            GgufPart part = given;
            if (i != givenNumber) {
                String partName =
                        name.group(1) + "%05d".formatted(i + 1) + name.group(3) + name.group(4) + name.group(5);
                Path at = path.resolveSibling(partName);
                try {
                    part = map(memory, at, files);
                } catch (NoSuchFileException e) {
                    throw new MalformedModelException(
                            path, 0, "part " + (i + 1) + " of " + count + " is missing: file=" + at);
                }
            }
            checkPart(part, i, count);
            parts.add(part);
        }
        Gguf gguf = new Gguf(files, parts);
        long wanted = number(parts.getFirst(), SPLIT_TENSORS, gguf.entries.size());
        if (wanted != gguf.entries.size()) {
            throw new MalformedModelException(
                    path,
                    0,
                    "the parts have the wrong number of tensors together: wanted=" + wanted + ", got="
                            + gguf.entries.size());
        }
        return gguf;
    }

    private static int splitCount(GgufPart part) {
        long count = number(part, SPLIT_COUNT, 1);
        if (count < 0 || count > 65_535) {
            throw new MalformedModelException(
                    part.path(), 0, SPLIT_COUNT + " is not a number of files: value=" + count);
        }
        return (int) Math.max(count, 1);
    }

    private static void checkPart(GgufPart part, int number, int count) {
        long saysNumber = number(part, SPLIT_NUMBER, -1);
        if (saysNumber != number || number < 0 || number >= count || splitCount(part) != count) {
            throw new MalformedModelException(
                    part.path(),
                    0,
                    "not the part that its name says: wanted=" + (number + 1) + " of " + count + ", got="
                            + (saysNumber + 1) + " of " + splitCount(part));
        }
    }

    private static long number(GgufPart part, String key, long otherwise) {
        Object value = part.metadata().values().getOrDefault(key, otherwise);
        if (value instanceof Long v) return v;
        throw new MalformedModelException(part.path(), 0, key + " is not a whole number");
    }

    private static Map<String, Entry> merge(List<GgufPart> parts) {
        Map<String, Entry> all = new LinkedHashMap<>();
        for (GgufPart part : parts) {
            for (Entry e : part.entries()) {
                if (all.put(e.name(), e) != null) {
                    throw new MalformedModelException(
                            part.path(), 0, "tensor comes twice: name=" + MalformedModelException.shown(e.name()));
                }
            }
        }
        return Collections.unmodifiableMap(all);
    }

    @Override
    public Metadata metadata() {
        return first.metadata();
    }

    /** Each metadata value behind its type, as the file has it; borrowed. For writing the same again. */
    Map<String, MemorySegment> rawMetadata() {
        return first.raw();
    }

    @Override
    public Collection<Entry> entries() {
        return entries.values();
    }

    @Override
    public Entry find(String name) {
        return entries.get(name);
    }

    @Override
    public List<MappedFile> files() {
        return files;
    }

    @Override
    public void check() {
        files.forEach(MappedFile::check);
    }

    @Override
    public void close() {
        files.forEach(MappedFile::close);
    }
}
