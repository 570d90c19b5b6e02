// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.format.Matrix;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.memory.DirectFile;
import dev.jay.tensor.memory.MappedFile;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.OutOfBudgetException;
import dev.jay.tensor.memory.Region;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Weights that do not fit the budget: as many layers as do stay in memory, the others are read from the file in the order
 * in which a pass uses them, ahead of the pass, past the page cache. The same bytes reach the same code, so answers are
 * those of mapped weights. The head is read in slices of rows like layers; of the embedding only the rows of a pass's
 * tokens. Since a pass uses all layers in turn, keeping a fixed part of them is the best that any replacement can do.
 *
 * <p>Owns its memory, its thread and its channels; borrows the source. Blocks call it from the engine thread.
 */
public final class StreamedWeights implements Weights, AutoCloseable {
    private static final String KEPT = "weights-kept";
    private static final String STREAMED = "weights-streamed";

    private final WeightSource source;
    private final MappedWeights mapped;
    private final List<DirectFile> files = new ArrayList<>();
    private final Map<Integer, WeightUnit> units = new TreeMap<>(); // by layer, then slices of the head
    private final List<Slice> head = new ArrayList<>();
    private final List<Region> regions = new ArrayList<>();
    private final WeightFiles places;
    private ReadAhead reader; // null until started

    /** Knows where everything is, and holds nothing yet. */
    public StreamedWeights(WeightSource source, int layers) throws IOException {
        this.source = source;
        this.mapped = new MappedWeights(source);
        this.places = new WeightFiles(source);
        for (int layer = 0; layer < layers; layer++) units.put(layer, places.layer(layer));
        sliceHead(layers, StreamSplit.largest(partBytes()));
    }

    /** Bytes of each layer, then of each slice of the head. */
    public List<Long> partBytes() {
        return units.values().stream().map(WeightUnit::imageBytes).toList();
    }

    /**
     * Reads what stays and begins to read ahead.
     *
     * @throws OutOfBudgetException if the books have no room for it
     */
    public void start(Memory memory, StreamSplit split) throws IOException {
        for (Path path : places.paths()) files.add(DirectFile.open(path));
        for (int part : split.kept()) keep(memory, units.get(part));
        List<MemorySegment> bytes = new ArrayList<>();
        for (long taken = 0; taken < split.slotBytes(); taken += bytes.getLast().byteSize()) {
            regions.add(memory.reserve(STREAMED, split.slotBytes() / StreamSplit.SLOTS));
            regions.getLast().inHugePages(); // a direct read looks up every page
            bytes.add(regions.getLast().bytes());
        }
        source.files().forEach(MappedFile::letGo);
        reader = new ReadAhead(files, split.streamed(), units, bytes);
    }

    private void keep(Memory memory, WeightUnit unit) throws IOException {
        Region region = memory.reserve(KEPT, unit.imageBytes());
        regions.add(region);
        region.inHugePages();
        unit.read(files, region.bytes());
        unit.isAt(region.bytes());
    }

    private void sliceHead(int layers, long most) {
        String name = headName();
        Matrix whole = mapped.matrix(ROOT, name);
        long rows = Math.max(1, most / whole.rowBytes() / 16 * 16); // whole blocks of rows for any kernel
        int id = layers;
        for (long from = 0; from < whole.rows(); from += rows) {
            int count = (int) Math.min(rows, whole.rows() - from);
            WeightUnit unit = places.rows(name, from * whole.rowBytes(), count * whole.rowBytes());
            units.put(id, unit);
            head.add(new Slice(id, (int) from, new Held(name, whole.format(), count, whole.cols(), unit)));
            id++;
        }
    }

    private String headName() {
        return has("output.weight") ? "output.weight" : "token_embd.weight";
    }

    /** A matrix whose bytes are where its unit is now. */
    private record Held(String name, WeightFormat format, int rows, int cols, WeightUnit unit) implements Matrix {
        @Override
        public MemorySegment bytes() {
            return unit.bytes(name, rows * rowBytes());
        }
    }

    /** A matrix of which single rows are read from the file when they are wanted. */
    private record Rows(WeightFiles places, String name, Matrix whole) implements Matrix {
        @Override
        public WeightFormat format() {
            return whole.format();
        }

        @Override
        public int rows() {
            return whole.rows();
        }

        @Override
        public int cols() {
            return whole.cols();
        }

        @Override
        public MemorySegment bytes() {
            return whole.bytes();
        }

        @Override
        public void decodeRow(long row, MemorySegment to, long at) {
            byte[] coded = places.read(name, row * rowBytes(), Math.toIntExact(rowBytes()));
            format().decode(MemorySegment.ofArray(coded), 0, cols(), to, at);
        }
    }

    @Override
    public Matrix matrix(int layer, String name) {
        Matrix whole = mapped.matrix(layer, name);
        if (layer != ROOT && !places.isInFile(name)) return whole;
        if (layer != ROOT) return new Held(name, whole.format(), whole.rows(), whole.cols(), units.get(layer));
        return name.equals("token_embd.weight") ? new Rows(places, name, whole) : whole;
    }

    @Override
    public List<Slice> head(String name) {
        return List.copyOf(head);
    }

    @Override
    public boolean has(String name) {
        return mapped.has(name);
    }

    @Override
    public void hold(int layer) {
        if (layer == ROOT) source.check();
        else if (reader != null) reader.hold(layer);
    }

    @Override
    public void release(int layer) {
        if (layer != ROOT && reader != null) reader.release(layer);
    }

    @Override
    public void close() {
        if (reader != null) reader.close();
        regions.forEach(Region::close);
        try {
            for (DirectFile file : files) file.close();
            places.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
