// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.limit;

import dev.jay.tensor.asm.CodePages;
import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.asm.MachineCodeException;
import dev.jay.tensor.asm.x86.AmxPermission;
import dev.jay.tensor.asm.x86.CpuId;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import java.lang.foreign.ValueLayout;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The loops that measure the machine, in machine code where there can be any. Owns it. */
public final class LimitCode implements AutoCloseable {
    /** A peak's loop, ready to run. */
    record Loaded(MachineCode.Function function, Peak.Loop loop) {}

    private static final long CODE_BYTES = 16 * 4096;
    private static final int TILE_ROWS = 16;
    private static final int TILE_ROW_BYTES = 64;

    private final Region tileShapes;
    private final Optional<MachineCode> code;
    private final Map<Peak, Loaded> peaks = new EnumMap<>(Peak.class);
    private Optional<MachineCode.Function> fromMemory = Optional.empty();
    private Optional<MachineCode.Function> fromCache = Optional.empty();

    public LimitCode(Cpu cpu, Memory memory) {
        tileShapes = memory.reserve("tile-shapes", 64);
        tileShapes.bytes().set(ValueLayout.JAVA_BYTE, 0, (byte) 1); // palette
        for (int t = 0; t < 8; t++) {
            tileShapes.bytes().set(ValueLayout.JAVA_SHORT, 16 + 2 * t, (short) TILE_ROW_BYTES);
            tileShapes.bytes().set(ValueLayout.JAVA_BYTE, 48 + t, (byte) TILE_ROWS);
        }
        code = pages(memory);
        code.ifPresent(c -> load(c, cpu.features()));
    }

    private static Optional<MachineCode> pages(Memory memory) {
        try {
            return CpuId.isX86()
                    ? Optional.of(MachineCode.reserve(memory, CODE_BYTES, CodePages.ofThisSystem()))
                    : Optional.empty();
        } catch (MachineCodeException e) {
            return Optional.empty(); // the plain read is then Java's, and no peak is known
        }
    }

    private void load(MachineCode pages, Set<String> all) {
        Set<String> features = new HashSet<>(all);
        if (features.contains("amx_tile") && !AmxPermission.request()) {
            features.removeIf(f -> f.startsWith("amx"));
        }
        if (features.contains("avx2")) {
            fromMemory = Optional.of(pages.load("read-memory", PlainRead.build(features, true)));
            fromCache = Optional.of(pages.load("read-cache", PlainRead.build(features, false)));
        }
        for (Peak peak : Peak.values()) {
            peak.loop(features)
                    .ifPresent(loop -> peaks.put(peak, new Loaded(pages.load("peak-" + peak, loop.code()), loop)));
        }
    }

    Optional<MachineCode.Function> reader(boolean isMemory) {
        return isMemory ? fromMemory : fromCache;
    }

    Optional<Loaded> peak(Peak peak) {
        return Optional.ofNullable(peaks.get(peak));
    }

    long tileShapes() {
        return tileShapes.bytes().address();
    }

    @Override
    public void close() {
        code.ifPresent(MachineCode::close);
        tileShapes.close();
    }
}
