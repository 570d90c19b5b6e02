// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import dev.jay.tensor.format.Tensor;
import dev.jay.tensor.kernel.Activations;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.MatMul;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * How fast a model's own matrices are multiplied by one row where they lie. Memory is not equally fast everywhere: pages
 * of a file that the system has held for long, or that a hypervisor gave in small pieces, are read at two thirds of the
 * rate of fresh ones, and the weights' place is the system's to choose.
 */
public final class PlaceProbe {
    /** Bytes of each format that are read: more than caches hold, and no wait for those who only plan. */
    public static final long MOST = 128L << 20;

    private static final double BUSY = 0.4; // seconds: threads that slept are not all there at once
    private static final long PIECE = 8L << 20; // of a matrix

    private PlaceProbe() {}

    /**
     * @param matrices those that a token reads, in the order of the file; what they lie in is read, not kept
     * @param clock    nanoseconds
     * @return bytes a second by format
     */
    public static Map<String, Double> rates(List<Tensor> matrices, CpuOps ops, Memory memory, LongSupplier clock) {
        Map<String, List<Tensor>> byFormat = new TreeMap<>();
        for (Tensor t : matrices) {
            byFormat.computeIfAbsent(t.format().name(), _ -> new ArrayList<>()).addAll(pieces(t));
        }
        Map<String, Double> rates = new TreeMap<>();
        byFormat.forEach((format, pieces) -> rates.put(format, rate(some(pieces), ops, memory, clock)));
        return rates;
    }

    private static List<Tensor> pieces(Tensor of) {
        long rowBytes = of.format().bytesFor(of.cols());
        int each = Math.clamp(PIECE / rowBytes, 1, of.rows());
        List<Tensor> pieces = new ArrayList<>();
        for (int row = 0; row < of.rows(); row += each) {
            int rows = Math.min(each, of.rows() - row);
            pieces.add(new Tensor(of.bytes().asSlice(row * rowBytes, rows * rowBytes), of.format(), rows, of.cols()));
        }
        return pieces;
    }

    /** At most so many bytes of them, from everywhere. */
    private static List<Tensor> some(List<Tensor> all) {
        long bytes = bytes(all);
        List<Tensor> some = new ArrayList<>();
        double due = 0;
        for (Tensor t : all) {
            due += t.bytes().byteSize() * Math.min(1, (double) MOST / bytes);
            if (due < t.bytes().byteSize()) continue;
            due -= t.bytes().byteSize();
            some.add(t);
        }
        return some.isEmpty() ? List.of(all.getFirst()) : some;
    }

    /** Those of as many columns side by side, so that threads seldom wait for each other: that is counted elsewhere. */
    private static List<List<Tensor>> groups(List<Tensor> some) {
        Map<Integer, List<Tensor>> open = new TreeMap<>();
        List<List<Tensor>> groups = new ArrayList<>();
        for (Tensor t : some) {
            List<Tensor> group = open.computeIfAbsent(t.cols(), _ -> new ArrayList<>());
            group.add(t);
            if (bytes(group) >= PIECE) groups.add(open.remove(t.cols()));
        }
        groups.addAll(open.values());
        return groups;
    }

    private static long bytes(List<Tensor> of) {
        return of.stream().mapToLong(t -> t.bytes().byteSize()).sum();
    }

    private static double rate(List<Tensor> some, CpuOps ops, Memory memory, LongSupplier clock) {
        int cols = some.stream().mapToInt(Tensor::cols).max().orElseThrow();
        List<List<Tensor>> groups = groups(some);
        List<MatMul> products =
                groups.stream().map(g -> ops.bind(g, Numerics.FAST)).toList();
        long packed = products.stream().mapToLong(p -> p.scratchBytes(1)).max().orElseThrow();
        long rows = groups.stream()
                .mapToLong(g -> g.stream().mapToLong(Tensor::rows).sum())
                .max()
                .orElseThrow();
        long room = Scratch.sizeOf(4L * cols) + Scratch.sizeOf(4L * rows) + packed;
        try (Region region = memory.reserve("probe", Scratch.sizeOf(room))) {
            Scratch scratch = new Scratch(region.bytes());
            MemorySegment x = scratch.floats(cols).fill((byte) 0x3e); // floats of 0.18
            MemorySegment y = scratch.floats(rows);
            Runnable work = () -> {
                for (int i = 0; i < products.size(); i++) multiply(products.get(i), groups.get(i), x, y, scratch);
            };
            work.run(); // what is not in memory comes now
            Timer timer = new Timer(clock, BUSY, work);
            timer.sample();
            return bytes(some) / timer.least();
        }
    }

    private static void multiply(
            MatMul product, List<Tensor> group, MemorySegment x, MemorySegment y, Scratch scratch) {
        long mark = scratch.mark();
        int cols = group.getFirst().cols();
        MemorySegment[] out = new MemorySegment[group.size()];
        long at = 0;
        for (int i = 0; i < out.length; i++) {
            out[i] = y.asSlice(4 * at, 4L * group.get(i).rows());
            at += group.get(i).rows();
        }
        product.run(new Activations(x.asSlice(0, 4L * cols), 1, cols, scratch), out);
        scratch.release(mark);
    }
}
