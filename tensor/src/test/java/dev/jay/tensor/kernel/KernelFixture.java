// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.Catalog;
import dev.jay.tensor.SystemRefusals;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Every provider that runs here, room to work in, and random data with its seed. */
final class KernelFixture implements AutoCloseable {
    final long seed = 20261121;
    final Random random = new Random(seed);
    final Memory memory = Memory.withBudget(256 << 20);
    private final Region region = memory.reserve("test", 128 << 20);
    final Scratch room = new Scratch(region.bytes());
    final List<Kernels> providers = new ArrayList<>();

    KernelFixture() {
        Cpu cpu = Cpu.detect();
        for (Catalog.Entry<? extends KernelProvider> entry : KernelProviders.ALL.entries()) {
            KernelProvider provider = KernelProviders.ALL.make(entry.name());
            if (SystemRefusals.runs(provider, cpu)) providers.add(provider.bind(cpu, memory));
        }
    }

    static List<WeightFormat> formats() {
        List<WeightFormat> all = new ArrayList<>();
        for (Catalog.Entry<? extends WeightFormat> e : WeightFormats.ALL.entries()) {
            all.add(WeightFormats.ALL.make(e.name()));
        }
        return all;
    }

    /** At least this many values, in whole blocks. */
    static int cols(WeightFormat format, int least) {
        return Math.ceilDiv(least, format.blockSize()) * format.blockSize();
    }

    MemorySegment floats(int count) {
        MemorySegment s = room.floats(count);
        for (int i = 0; i < count; i++) Raw.set(s.address(), i, (float) random.nextGaussian());
        return s;
    }

    /** Rows of weights at an address that is aligned to nothing. */
    MemorySegment weights(WeightFormat format, int rows, int cols) {
        long count = (long) rows * cols;
        MemorySegment w = room.take(format.bytesFor(count) + 1).asSlice(1);
        format.encode(floats((int) count), 0, count, w, 0);
        return w;
    }

    /** Bytes of every kind: scales that are subnormal, infinite, NaN; codes at their ends. */
    MemorySegment wild(WeightFormat format, int rows, int cols) {
        MemorySegment w = room.take(format.bytesFor((long) rows * cols) + 1).asSlice(1);
        for (long i = 0; i < w.byteSize(); i++) {
            int b = random.nextInt(8);
            w.set(ValueLayout.JAVA_BYTE, i, (byte) (b == 0 ? 0 : b == 1 ? -1 : b == 2 ? -128 : random.nextInt()));
        }
        return w;
    }

    /** y[n][rows] of rows [from, to); what the kernel did not write is NaN. */
    MemorySegment run(
            MatMulKernel kernel,
            MemorySegment w,
            long rowBytes,
            int cols,
            int rows,
            int from,
            int to,
            MemorySegment x,
            int n) {
        MemorySegment y = room.floats((long) n * rows);
        y.fill((byte) -1);
        long mark = room.mark();
        MemorySegment scratch = room.take(kernel.scratchBytes(cols, n));
        long packed = x.address();
        ActivationForm form = kernel.form();
        if (form != null) {
            packed = room.take(form.bytes(n, cols)).address();
            form.pack(x.address(), n, cols, 0, n, packed);
        }
        kernel.run(w.address(), rowBytes, cols, from, to, packed, n, y.address(), rows, scratch.address());
        room.release(mark);
        return y;
    }

    @Override
    public void close() {
        providers.forEach(Kernels::close);
        region.close();
        memory.close();
    }
}
