// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.format.Floats;
import dev.jay.tensor.memory.MappedFile;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * How much the columns of a model's matrices matter: the mean square of what each was multiplied by when somebody ran texts
 * through the model. Read from the file of llama-imatrix, a GGUF file with {@code NAME.in_sum2} and {@code NAME.counts} for
 * each matrix, or of its older form, {@code [entries:i32]} and for each {@code [length:i32][name][calls:i32][values:i32]
 * [sum:f32 x values]}. Mapped; owns the mapping.
 */
public final class Imatrix implements AutoCloseable {
    private static final String SUMS = ".in_sum2";
    private static final String COUNTS = ".counts";
    private static final int LONGEST_NAME = 1024;
    private static final int ENTRY_HEAP = 300; // map nodes and names, roughly

    /**
     * @param sums   f32[matrices][columns]
     * @param counts f32[matrices], or null: one for all
     */
    private record Sums(MemorySegment sums, MemorySegment counts, float count) {}

    private final Path path;
    private final AutoCloseable owned;
    private final Map<String, Sums> entries = new HashMap<>();

    private Imatrix(Path path, AutoCloseable owned) {
        this.path = path;
        this.owned = owned;
    }

    /** @throws MalformedModelException if the file is neither form */
    public static Imatrix open(Memory memory, Path path) throws IOException {
        MappedFile file = memory.map("imatrix", path);
        if (file.bytes().byteSize() < 4 || file.bytes().get(Floats.INT, 0) != GgufPart.MAGIC) {
            Imatrix opened = new Imatrix(path, file);
            return closedIfFails(opened, () -> opened.readLegacy(new FileCursor(path, file.bytes())));
        }
        file.close();
        Gguf gguf = Gguf.open(memory, path);
        Imatrix opened = new Imatrix(path, gguf);
        return closedIfFails(opened, () -> opened.readGguf(gguf));
    }

    private static Imatrix closedIfFails(Imatrix opened, Runnable reading) {
        try {
            reading.run();
            return opened;
        } catch (RuntimeException | Error e) {
            opened.close();
            throw e;
        }
    }

    private void readGguf(Gguf gguf) {
        for (WeightSource.Entry e : gguf.entries()) {
            if (!e.name().endsWith(SUMS)) continue;
            String name = e.name().substring(0, e.name().length() - SUMS.length());
            WeightSource.Entry counts = gguf.find(name + COUNTS);
            long matrices = e.dims().stream().skip(1).reduce(1L, (a, b) -> a * b);
            if (e.type() != 0 || counts == null || counts.type() != 0) {
                throw wrong(name, "needs f32 sums and f32 counts");
            }
            if (counts.bytes().byteSize() != matrices * Float.BYTES) {
                throw wrong(name, "has counts=" + counts.dims() + " for sums=" + e.dims());
            }
            entries.put(name, new Sums(e.bytes(), counts.bytes(), 0));
        }
        if (entries.isEmpty()) throw new MalformedModelException(path, 0, "not an imatrix: no tensor *" + SUMS);
    }

    private void readLegacy(FileCursor cursor) {
        int count = cursor.i32("number of entries");
        if (count < 1 || count > cursor.remaining() / 12) {
            throw cursor.wrong(0, "not an imatrix: entries=" + count + ", file has " + cursor.remaining() + " bytes");
        }
        for (int i = 0; i < count; i++) {
            cursor.charge(ENTRY_HEAP, "list of matrices");
            long from = cursor.at();
            int length = cursor.i32("length of a name");
            if (length < 1 || length > LONGEST_NAME) {
                throw cursor.wrong(from, "not an imatrix: length of a name=" + length + ", most=" + LONGEST_NAME);
            }
            String name = cursor.utf8(length, "name");
            int calls = cursor.i32("calls");
            int values = cursor.i32("values");
            if (values < 1)
                throw cursor.wrong(from, "entry has no values: name=" + MalformedModelException.shown(name));
            MemorySegment sums = cursor.slice((long) values * Float.BYTES, "values of " + name);
            if (entries.put(name, new Sums(sums, null, Math.max(1, calls))) != null) {
                throw cursor.wrong(from, "entry comes twice: name=" + MalformedModelException.shown(name));
            }
        }
    }

    /**
     * The importance of a matrix's columns, of experts one after the other; null if nothing is known of it.
     *
     * @param dims as the model has them, fastest first
     */
    Importance of(WeightSource.Entry matrix) {
        Sums known = entries.get(matrix.name());
        if (known == null) return null;
        int cols = Math.toIntExact(matrix.dims().getFirst());
        long matrices = matrix.dims().stream().skip(2).reduce(1L, (a, b) -> a * b);
        long have = known.sums.byteSize() / Float.BYTES;
        if (have != cols * matrices) {
            throw wrong(matrix.name(), "has " + have + " values, the model's matrix has " + matrix.dims());
        }
        float[] values = new float[Math.toIntExact(have)];
        for (int i = 0; i < values.length; i++) {
            float count = known.counts == null ? known.count : Floats.get(known.counts, i / cols);
            float v = count > 0 ? Floats.get(known.sums, i) / count : 1; // an expert that was never asked
            if (!(v >= 0 && v < Float.POSITIVE_INFINITY)) {
                throw wrong(matrix.name(), "has a value that is no mean of squares: " + v);
            }
            values[i] = v;
        }
        return new Importance(values, cols, matrix.dims().get(1));
    }

    /** Its file's name. */
    String name() {
        return String.valueOf(path.getFileName());
    }

    private MalformedModelException wrong(String name, String what) {
        return new MalformedModelException(path, 0, "imatrix of " + MalformedModelException.shown(name) + " " + what);
    }

    @Override
    public void close() {
        try {
            owned.close();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("closing " + path + ": " + e, e);
        }
    }
}
