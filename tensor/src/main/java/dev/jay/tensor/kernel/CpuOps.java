// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.GroupFormat;
import dev.jay.tensor.format.Matrix;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The arithmetic of this machine's CPU: leaf kernels over raw addresses, spread over the compute threads. Owns the
 * threads' working space (purposes {@code kernel-scratch}, {@code gemm-packed}); borrows memory, threads and kernels.
 */
public final class CpuOps implements Ops {
    private static final int CHUNKS_PER_WORKER = 6; // so that a thread that is held back leaves its share to others
    private static final int PIECE = 4 * 1024; // values that stay in the L1 cache
    private static final int LEAST_VALUES = 16 * 1024; // fewer are not worth waking anybody for
    private static final int LINE_FLOATS = 16; // of a line of the cache

    private final Memory memory;
    private final Workers workers;
    private final KernelChoice kernels;
    private final RowKernels rows;
    private final int maxRows;
    private final Map<String, String> bound = new TreeMap<>(); // what was bound to whose code
    private Region scratch;
    private long scratchEach; // bytes a worker has
    private Region packed; // what all workers of a product read
    private CpuOps[] alone; // by worker; null until somebody asks

    /** @param maxRows rows that a pass may have; more still work, but their first pass may allocate */
    public CpuOps(Memory memory, Workers workers, KernelChoice kernels, int maxRows) {
        this.memory = memory;
        this.workers = workers;
        this.kernels = kernels;
        this.maxRows = maxRows;
        KernelChoice.From<RowKernels> from = kernels.rows();
        this.rows = from.kernel();
        bound.put("rows", from.provider());
    }

    @Override
    public String describe() {
        return kernels.describe() + "; threads: " + workers.count() + "; bound: " + bound;
    }

    @Override
    public MatMul bind(List<? extends Matrix> group, Numerics numerics) {
        if (group.isEmpty()) throw new IllegalArgumentException("matmul: a group needs at least one matrix");
        MatMulKernel[][] code = new MatMulKernel[group.size()][];
        int cols = group.getFirst().cols();
        for (int i = 0; i < code.length; i++) {
            Matrix m = group.get(i);
            if (m.cols() != cols) {
                throw new IllegalArgumentException("matmul: matrices of a group share their input: cols=" + cols
                        + " and " + m.cols() + " at " + i);
            }
            List<KernelChoice.From<MatMulKernel>> from = kernels.matMuls(m.format(), numerics);
            bound.put("matmul " + m.format().name() + " " + numerics, providers(from));
            code[i] = from.stream().map(KernelChoice.From::kernel).toArray(MatMulKernel[]::new);
            for (MatMulKernel k : code[i]) reserveScratch(k.scratchBytes(cols, maxRows));
        }
        return new CpuMatMul(this, List.copyOf(group), code);
    }

    private static String providers(List<KernelChoice.From<MatMulKernel>> kernels) {
        StringBuilder text = new StringBuilder();
        for (KernelChoice.From<MatMulKernel> from : kernels) {
            text.append(text.isEmpty() ? "" : ", ").append(from.provider());
            int least = from.kernel().leastRows();
            if (least > 1) text.append(" from ").append(least).append(" rows");
        }
        return text.toString();
    }

    @Override
    public AttentionKernel attention(
            WeightFormat keys, WeightFormat values, int keyWidth, int valueWidth, Numerics numerics) {
        KernelChoice.From<AttentionKernel> from = kernels.attention(keys, values, keyWidth, valueWidth, numerics);
        String mode = numerics.name().toLowerCase(Locale.ROOT);
        bound.put("attention " + keys.name() + "/" + values.name() + " " + mode, from.provider());
        return from.kernel();
    }

    @Override
    public UnpackKernel unpack(GroupFormat format, WeightFormat rows) {
        KernelChoice.From<UnpackKernel> from = kernels.unpack(format, rows);
        bound.put("unpack " + format + " to " + rows.name(), from.provider());
        return from.kernel();
    }

    @Override
    public MatMulKernel rowProducts(WeightFormat format) {
        KernelChoice.From<MatMulKernel> from = kernels.matMul(format, Numerics.EXACT);
        bound.put("row products " + format.name(), from.provider());
        return from.kernel();
    }

    @Override
    public GemmKernel floatProducts(Precision precision) {
        KernelChoice.From<GemmKernel> from = kernels.gemm(precision);
        bound.put("gemm " + precision, from.provider());
        return from.kernel();
    }

    @Override
    public TurnKernel turns(TurnKernel.Shape shape) {
        KernelChoice.From<TurnKernel> from = kernels.turns(shape);
        bound.put("rows of " + shape, from.provider());
        return from.kernel();
    }

    @Override
    public RowKernels rowOperations() {
        return rows;
    }

    @Override
    public Gemm gemm(Precision precision) {
        return new CpuGemm(this, floatProducts(precision));
    }

    @Override
    public GradientOps gradients() {
        KernelChoice.From<GradientKernels> from = kernels.gradients();
        bound.put("gradients", from.provider());
        return new CpuGradients(this, from.kernel());
    }

    @Override
    public void rmsNorm(MemorySegment x, MemorySegment gain, float eps, MemorySegment out, int n, int dim) {
        long from = address("rmsNorm x", x, floats(n, dim));
        long to = address("rmsNorm out", out, floats(n, dim));
        long by = address("rmsNorm gain", gain, floats(1, dim));
        spread(n, dim, (row, count) -> {
            long at = floats(row, dim);
            rows.rmsNorm(from + at, by, eps, to + at, (int) count, dim);
        });
    }

    @Override
    public void rotate(
            MemorySegment x, int n, int heads, int dim, int rotaryDim, MemorySegment table, boolean interleaved) {
        if (rotaryDim > dim || rotaryDim % 2 != 0) {
            throw new IllegalArgumentException(
                    "rotate: rotaryDim must be even and at most dim: rotaryDim=" + rotaryDim + ", dim=" + dim);
        }
        long at = address("rotate x", x, floats(n, (long) heads * dim));
        long angles = address("rotate table", table, floats(n, rotaryDim));
        spread(n, (long) heads * rotaryDim, (first, count) -> {
            for (long row = first; row < first + count; row++) {
                long by = angles + floats(row, rotaryDim);
                rows.rotate(at + floats(row, (long) heads * dim), heads, dim, rotaryDim, by, interleaved);
            }
        });
    }

    @Override
    public void swiGlu(MemorySegment x, MemorySegment y, long count) {
        long to = address("swiGlu x", x, floats(1, count));
        long from = address("swiGlu y", y, floats(1, count));
        spread(count, 1, (i, some) -> rows.swiGlu(to + floats(1, i), from + floats(1, i), some));
    }

    @Override
    public void geGlu(MemorySegment x, MemorySegment y, long count) {
        long to = address("geGlu x", x, floats(1, count));
        long from = address("geGlu y", y, floats(1, count));
        spread(count, 1, (i, some) -> rows.geGlu(to + floats(1, i), from + floats(1, i), some));
    }

    @Override
    public void gelu(MemorySegment x, long count) {
        long at = address("gelu x", x, floats(1, count));
        spread(count, 1, (i, some) -> PlainRows.gelu(at + floats(1, i), some));
    }

    @Override
    public void softCap(MemorySegment x, float cap, long count) {
        long at = address("softCap x", x, floats(1, count));
        spread(count, 1, (i, some) -> PlainRows.softCap(at + floats(1, i), cap, some));
    }

    @Override
    public void scale(MemorySegment x, float by, long count) {
        long at = address("scale x", x, floats(1, count));
        spread(count, 1, (i, some) -> PlainRows.scale(at + floats(1, i), by, some));
    }

    @Override
    public void layerNorm(
            MemorySegment x, MemorySegment gain, MemorySegment bias, float eps, MemorySegment out, int n, int dim) {
        long from = address("layerNorm x", x, floats(n, dim));
        long to = address("layerNorm out", out, floats(n, dim));
        long by = address("layerNorm gain", gain, floats(1, dim));
        long plus = address("layerNorm bias", bias, floats(1, dim));
        spread(n, dim, (row, count) -> {
            long at = floats(row, dim);
            PlainRows.layerNorm(from + at, by, plus, eps, to + at, (int) count, dim);
        });
    }

    @Override
    public void swiGlu(MemorySegment out, MemorySegment x, MemorySegment y, long count) {
        long to = address("swiGlu out", out, floats(1, count));
        address("swiGlu x", x, floats(1, count));
        long from = address("swiGlu y", y, floats(1, count));
        spread(count, 1, (i, some) -> {
            for (long at = i; at < i + some; at += PIECE) { // copied and worked on in the same cache
                long n = Math.min(PIECE, i + some - at);
                MemorySegment.copy(x, floats(1, at), out, floats(1, at), floats(1, n));
                rows.swiGlu(to + floats(1, at), from + floats(1, at), n);
            }
        });
    }

    @Override
    public void add(MemorySegment x, MemorySegment y, long count) {
        long to = address("add x", x, floats(1, count));
        long from = address("add y", y, floats(1, count));
        spread(count, 1, (i, some) -> rows.add(to + floats(1, i), from + floats(1, i), some));
    }

    @Override
    public void copy(MemorySegment x, MemorySegment y, long count) {
        address("copy x", x, floats(1, count));
        address("copy y", y, floats(1, count));
        spread(count, 1, (i, some) -> MemorySegment.copy(y, floats(1, i), x, floats(1, i), floats(1, some)));
    }

    @Override
    public void addBias(MemorySegment x, MemorySegment bias, int n, int dim) {
        long to = address("addBias x", x, floats(n, dim));
        long from = address("addBias bias", bias, floats(1, dim));
        spread(n, dim, (row, count) -> rows.addBias(to + floats(row, dim), from, (int) count, dim));
    }

    @Override
    public int argMax(MemorySegment x, int count) {
        if (count < 1) throw new IllegalArgumentException("argMax: count must be at least 1, got " + count);
        long at = address("argMax x", x, floats(1, count));
        int parts = count < LEAST_VALUES ? 1 : Math.min(workers.count(), count / LINE_FLOATS); // none of them empty
        if (parts == 1) return rows.argMax(at, count);
        int[] best = new int[parts];
        workers.run(parts, (part, worker) -> {
            int from = first(part, parts, count);
            best[part] = from + rows.argMax(at + floats(1, from), first(part + 1, parts, count) - from);
        });
        return bestOf(x, best);
    }

    private static int first(int part, int parts, int count) {
        return part == parts ? count : (int) ((long) count * part / parts / LINE_FLOATS * LINE_FLOATS);
    }

    /** Of the best of parts that lie one after the other: the first NaN; without one, the first of the greatest. */
    private static int bestOf(MemorySegment x, int[] best) {
        int found = best[0];
        for (int i : best) {
            if (Float.isNaN(Floats.get(x, found))) return found;
            if (!(Floats.get(x, i) <= Floats.get(x, found))) found = i;
        }
        return found;
    }

    @Override
    public void forEach(int count, Workers.Task task) {
        workers.run(count, task);
    }

    @Override
    public Ops ofWorker(int worker) {
        if (alone == null) {
            alone = new CpuOps[workers.count()];
            for (int i = 0; i < alone.length; i++) alone[i] = new CpuOps(memory, Workers.of(1), kernels, maxRows);
        }
        return alone[worker];
    }

    @Override
    public int workers() {
        return workers.count();
    }

    @Override
    public void close() {
        if (packed != null) packed.close();
        packed = null;
        closeScratch();
        if (alone != null) for (CpuOps each : alone) each.close();
        alone = null;
    }

    private void closeScratch() {
        if (scratch != null) scratch.close();
        scratch = null;
        scratchEach = 0;
    }

    interface Share {
        void run(long first, long count);
    }

    /** Cuts {@code count} things of {@code values} floats each; where a cut falls never changes a result. */
    void spread(long count, long values, Share share) {
        long least = Math.max(1, LEAST_VALUES / Math.max(1, values));
        if (workers.count() == 1 || count <= least) {
            if (count > 0) share.run(0, count);
            return;
        }
        long wanted = Math.ceilDiv(count, (long) workers.count() * CHUNKS_PER_WORKER);
        long each = Math.max(values == 1 ? Math.ceilDiv(wanted, 64) * 64 : wanted, least); // whole lines of floats
        workers.run((int) Math.ceilDiv(count, each), (chunk, worker) -> {
            long first = chunk * each;
            share.run(first, Math.min(each, count - first));
        });
    }

    /** True if so much work is worth more than one thread. */
    boolean isWorthSharing(long multiplications) {
        return workers.count() > 1 && multiplications > 4L * LEAST_VALUES;
    }

    void run(boolean shared, int chunks, Workers.Task task) {
        if (shared) workers.run(chunks, task);
        else for (int i = 0; i < chunks; i++) task.run(i, 0);
    }

    /** Each worker has at least so many bytes from here on. */
    void reserveScratch(long each) {
        long rounded = Scratch.sizeOf(each);
        if (rounded <= scratchEach) return;
        closeScratch();
        scratch = memory.reserve("kernel-scratch", rounded * workers.count());
        scratchEach = rounded;
    }

    /** The address of so many bytes that all workers share, until the next call. */
    long shared(long bytes) {
        if (packed == null || packed.size() < bytes) {
            if (packed != null) packed.close();
            packed = null;
            packed = memory.reserve("gemm-packed", bytes);
        }
        return packed.bytes().address();
    }

    long scratchOf(int worker) {
        return scratch == null ? 0 : scratch.bytes().address() + worker * scratchEach;
    }

    private static long floats(long rows, long dim) {
        return rows * dim * Float.BYTES;
    }

    /** The address of a segment that is alive, native and long enough: leaves check nothing. */
    static long address(String what, MemorySegment s, long bytes) {
        if (!s.isNative()) throw new IllegalArgumentException(what + " must be off-heap");
        if (bytes < 0 || s.byteSize() < bytes) {
            throw new IllegalArgumentException(what + " is too short: wanted=" + bytes + " bytes, got=" + s.byteSize());
        }
        if (!s.scope().isAlive()) throw new IllegalStateException(what + " was closed");
        return s.address();
    }
}
