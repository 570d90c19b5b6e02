// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.memory.DirectFile;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * Measures what plans are made of, in a few seconds: each figure the best of some samples, as the code of a model runs it,
 * in rounds, so that what comes over a machine for a while does not fall on one figure alone. Borrows all it is given.
 */
public final class MachineProbe {
    private static final int ROUNDS = 3;
    private static final int PARTS = 4; // of a file, each timed
    private static final int LINE = 64; // bytes of a line of a cache
    private static final int KEYS = 6; // bytes of weights for one of keys and values

    private final Memory memory;
    private final CpuOps ops;
    private final LongSupplier clock;

    /** @param clock nanoseconds */
    public MachineProbe(Memory memory, CpuOps ops, LongSupplier clock) {
        this.memory = memory;
        this.ops = ops;
        this.clock = clock;
    }

    /**
     * @param machine what the figures are to be known by
     * @param bytes   of weights that are read in turn: more than caches hold
     */
    public Probe measure(String machine, long bytes) {
        try (Region weights = memory.reserve("probe", bytes);
                Region room = memory.reserve("probe", RowProbe.BYTES);
                Region xy = memory.reserve("probe", ProductProbe.INPUT_BYTES + ProductProbe.OUTPUT_BYTES)) {
            room.inHugePages(); // as a model's working space is
            xy.inHugePages();
            Scratch scratch = new Scratch(room.bytes());
            MemorySegment x = xy.bytes().asSlice(0, ProductProbe.INPUT_BYTES).fill((byte) 0x3e); // floats of 0.18
            MemorySegment y = xy.bytes().asSlice(ProductProbe.INPUT_BYTES);
            Map<String, ProductProbe> products = new TreeMap<>();
            for (String name : WeightFormats.ALL.names()) {
                products.put(
                        name,
                        new ProductProbe(WeightFormats.ALL.make(name), ops, clock, weights.bytes(), x, y, scratch));
            }
            try (RowProbe rows = new RowProbe(ops, memory, clock, scratch, bytes / KEYS, () -> read(weights))) {
                for (int round = 0; round < ROUNDS; round++) {
                    rows.sample();
                    products.values().forEach(ProductProbe::sample);
                }
                return probe(machine, products, rows);
            }
        }
    }

    private static void read(Region region) {
        long sum = 0;
        for (long at = 0; at < region.size(); at += LINE) sum += region.bytes().get(ValueLayout.JAVA_LONG, at);
        if (sum == Long.MIN_VALUE) throw new IllegalStateException("no sum of weights is that"); // so that it is read
    }

    private static Probe probe(String machine, Map<String, ProductProbe> products, RowProbe rows) {
        Map<String, Double> vectors = new TreeMap<>();
        Map<String, Double> matrices = new TreeMap<>();
        Map<String, Double> panels = new TreeMap<>();
        Map<String, Double> inputs = new TreeMap<>();
        Map<String, Double> outputs = new TreeMap<>();
        products.forEach((name, product) -> {
            vectors.put(name, product.vectorRate());
            matrices.put(name, product.matrixRate());
            panels.put(name, product.panelRate());
            inputs.put(name, product.inputRate());
            outputs.put(name, product.outputRate());
        });
        return new Probe(
                machine,
                Map.of(),
                vectors,
                matrices,
                panels,
                inputs,
                outputs,
                rows.attentionRate(),
                rows.attentionFlops(),
                rows.attentionKeys(),
                rows.layerSeconds(),
                rows.rowRate());
    }

    /** Bytes a second at which a file is read in order, past the page cache: the best part of its first {@code most} bytes. */
    public double diskRate(Path file, long most) throws IOException {
        long bytes = Math.min(most, Files.size(file)) / DirectFile.ALIGNMENT * DirectFile.ALIGNMENT;
        long step = Math.min(16 << 20, bytes);
        if (step == 0) return 0;
        double best = 0;
        try (DirectFile in = DirectFile.open(file);
                Region room = memory.reserve("probe", step)) {
            room.inHugePages(); // a direct read looks up every page: in small ones it takes half as long again
            long part = Math.max(step, bytes / PARTS / step * step);
            for (long from = 0; from + part <= bytes; from += part) {
                long begin = clock.getAsLong();
                for (long at = from; at < from + part; at += step) in.read(at, room.bytes(), step);
                best = Math.max(best, part / (Math.max(1, clock.getAsLong() - begin) / 1e9));
            }
        }
        return best;
    }
}
