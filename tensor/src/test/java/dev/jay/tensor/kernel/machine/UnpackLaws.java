// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.jay.tensor.SystemRefusals;
import dev.jay.tensor.format.ChannelLevels;
import dev.jay.tensor.format.FeatureLevels;
import dev.jay.tensor.format.GroupFormat;
import dev.jay.tensor.format.KeptChannels;
import dev.jay.tensor.format.LowRankRows;
import dev.jay.tensor.format.RowFormat;
import dev.jay.tensor.format.SpanLevels;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.KernelProvider;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.Kernels;
import dev.jay.tensor.kernel.UnpackKernel;
import dev.jay.tensor.memory.Memory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Every provider's unpacking of every format of groups, odd widths among them, gives the bits of the definition. Groups,
 * rows and working space end where a mapping ends: a read or write past it ends the JVM.
 */
class UnpackLaws {
    private static final long SEED = 20261122;
    private static final Set<String> MACHINE = Set.of("amx", "avx512-vnni"); // have code for these
    private static final int[] WIDTHS = {8, 16, 24, 32, 40, 56, 64, 72, 80, 96, 120, 128, 136, 256};

    private final Random random = new Random(SEED);
    private final Memory memory = Memory.withBudget(64 << 20);
    private final EndPages pages = new EndPages();
    private final Cpu cpu = Cpu.detect();
    private final Kernels definition = KernelProviders.ALL.make("scalar").bind(cpu, memory);

    @AfterEach
    void close() {
        pages.close();
        memory.close();
    }

    private static List<GroupFormat> formats(int width) {
        List<GroupFormat> all = new ArrayList<>();
        for (int bits = 1; bits <= 8; bits *= 2) {
            all.add(new ChannelLevels(bits, bits == 2 ? 256 : 32, width));
            all.add(new SpanLevels(bits, 32, width, width));
            for (int span : new int[] {8, 16, 32}) {
                if (width % span == 0 && span < width) all.add(new SpanLevels(bits, 32, width, span));
            }
        }
        all.add(new LowRankRows(new ChannelLevels(2, 32, width), 4, 32 * width / 50));
        all.add(new LowRankRows(new SpanLevels(4, 32, width, width), 1 + width % 16, 0));
        all.add(new LowRankRows(new ChannelLevels(8, 64, width), 0, 3));
        all.add(features(width, 8, 32));
        all.add(features(width - 3, 2, 5));
        int kept = Math.ceilDiv(width * 6, 80) * 8;
        all.add(new KeptChannels(new ChannelLevels(2, 32, kept), width));
        all.add(new KeptChannels(new RowFormat(WeightFormats.ALL.make("f16"), 64, kept - 3), width));
        all.add(new KeptChannels(new ChannelLevels(4, 32, 8), width));
        for (String row : List.of("f32", "f16", "bf16", "q8_0", "q4_0", "iq4_nl")) {
            WeightFormat format = WeightFormats.ALL.make(row);
            if (width % format.blockSize() == 0) all.add(new RowFormat(format, 1, width));
        }
        return all;
    }

    /** Of up to so many bits each, fewer and fewer, some none; a row's last byte may be half full, or there to spare. */
    private static FeatureLevels features(int directions, int most, int rows) {
        List<Integer> bits = new ArrayList<>();
        List<Float> steps = new ArrayList<>();
        int sum = 0;
        for (int r = 0; r < directions; r++) {
            bits.add(r % 7 == 6 ? 0 : Math.max(0, most - r * most / 64));
            steps.add((float) Math.pow(0.9, r));
            sum += bits.getLast();
        }
        return new FeatureLevels(rows, 1 + Math.ceilDiv(sum, 8) + directions % 3, bits, steps);
    }

    private interface Bytes {
        void fill(GroupFormat format, MemorySegment groups, long at);
    }

    private void forAll(Bytes bytes) {
        for (String name : KernelProviders.names(cpu)) {
            KernelProvider provider = KernelProviders.ALL.make(name);
            if (name.equals("scalar") || !SystemRefusals.runs(provider, cpu)) continue;
            int checked = 0;
            for (int width : WIDTHS) {
                try (Kernels kernels = provider.bind(cpu, memory)) { // each with room for its code
                    for (GroupFormat format : formats(width)) checked += check(bytes, format, kernels);
                }
            }
            if (MACHINE.contains(name)) assertThat(checked).as(name).isGreaterThan(WIDTHS.length * 12);
        }
    }

    /** How many kernels were held against the definition. */
    private int check(Bytes bytes, GroupFormat format, Kernels kernels) {
        int checked = 0;
        for (String to : List.of("f32", "bf16")) {
            WeightFormat rows = WeightFormats.ALL.make(to);
            var kernel = kernels.unpack(format, rows);
            if (kernel.isEmpty()) continue;
            check(bytes, format, rows, kernel.get(), kernels.name());
            checked++;
        }
        return checked;
    }

    private void check(Bytes bytes, GroupFormat format, WeightFormat rows, UnpackKernel kernel, String name) {
        UnpackKernel plain = definition.unpack(format, rows).orElseThrow();
        for (int count : new int[] {1, 2, 3}) {
            MemorySegment groups = pages.atEnd((long) count * format.bytes(), 1);
            for (int g = 0; g < count; g++) bytes.fill(format, groups, (long) g * format.bytes());
            long size = (long) count * format.rows() * rows.bytesFor(format.width());
            MemorySegment wanted = pages.atEnd(size, 4);
            MemorySegment got = pages.atEnd(size, rows.name().equals("f32") ? 4 : 2);
            got.fill((byte) -1);
            run(plain, groups, count, wanted);
            run(kernel, groups, count, got);
            boolean isFloat = rows.name().equals("f32");
            for (long i = 0; i < size / rows.blockBytes(); i++) {
                float a = value(wanted, i, isFloat);
                float b = value(got, i, isFloat);
                boolean isFlushed = Math.abs(a) <= Float.MIN_NORMAL && b == 0 && !isFloat;
                if (a == b || (Float.isNaN(a) && Float.isNaN(b)) || isFlushed) continue;
                fail("%s %s to %s, groups=%d, value %d: wanted=%s, got=%s, seed=%d"
                        .formatted(name, format, rows.name(), count, i, a, b, SEED));
            }
            pages.close();
        }
    }

    private void run(UnpackKernel kernel, MemorySegment groups, int count, MemorySegment to) {
        long scratch = pages.atEnd(kernel.scratchBytes(), 64).address();
        kernel.run(groups.address(), count, groups.address(), to.address(), scratch);
    }

    private static float value(MemorySegment rows, long i, boolean isFloat) {
        if (isFloat) return rows.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * i);
        return Float.intBitsToFloat(rows.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * i) << 16);
    }

    @Test
    void shouldGiveTheBitsOfTheDefinition() {
        forAll((format, groups, at) -> format.example(random, groups, at));
    }

    /** Ranges that are subnormal, infinite, no numbers; codes at their ends; places beyond the last value. */
    @Test
    void shouldTakeAnyBytes() {
        forAll((format, groups, at) -> {
            wild(format, groups, at);
            if (format instanceof KeptChannels kept) { // a mask of as many, and any bytes behind it
                MemorySegment example = MemorySegment.ofArray(new byte[format.bytes()]);
                kept.example(random, example, 0);
                MemorySegment.copy(example, 0, groups, at, kept.maskBytes());
            }
        });
    }

    private void wild(GroupFormat format, MemorySegment groups, long at) {
        for (int i = 0; i < format.bytes(); i++) {
            int b = random.nextInt(8);
            byte value = (byte) (b == 0 ? 0 : b == 1 ? -1 : b == 2 ? -128 : random.nextInt());
            groups.set(ValueLayout.JAVA_BYTE, at + i, value);
        }
    }

    /** What comes of such a mask is nobody's; the pages around are held by this. */
    @Test
    void shouldStayWithinItsBytesWhateverAMaskSays() {
        for (String name : MACHINE) {
            KernelProvider provider = KernelProviders.ALL.make(name);
            if (!SystemRefusals.runs(provider, cpu)) continue;
            for (int width : WIDTHS) {
                try (Kernels kernels = provider.bind(cpu, memory)) {
                    for (GroupFormat format : formats(width)) {
                        if (format instanceof KeptChannels) overrun(format, kernels);
                    }
                }
            }
        }
    }

    private void overrun(GroupFormat format, Kernels kernels) {
        WeightFormat rows = WeightFormats.ALL.make(kernels.name().equals("amx") ? "bf16" : "f32");
        UnpackKernel kernel = kernels.unpack(format, rows).orElseThrow();
        for (int mask : new int[] {0, -1, 0x5A}) {
            MemorySegment groups = pages.atEnd(format.bytes(), 1);
            wild(format, groups, 0);
            groups.asSlice(0, ((KeptChannels) format).maskBytes()).fill((byte) mask);
            run(kernel, groups, 1, pages.atEnd(format.rows() * rows.bytesFor(format.width()), 4));
            pages.close();
        }
    }
}
