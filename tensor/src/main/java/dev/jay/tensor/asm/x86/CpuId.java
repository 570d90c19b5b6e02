// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm.x86;

import static dev.jay.tensor.asm.x86.Integers.CPUID;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.POP;
import static dev.jay.tensor.asm.x86.Integers.PUSH;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.XGETBV;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RBX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;

import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.asm.MachineCodeException;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;

/**
 * What an x86-64 CPU says of itself, as far as the system saves the registers it takes. That AMX is among the features
 * does not yet let this process use tiles: see {@link AmxPermission}.
 *
 * @param model    as the CPU names itself; empty if it does not
 * @param features those this project knows, by Linux's names
 */
public record CpuId(String model, Set<String> features) {
    /** A feature: where CPUID shows it, and what state the system must save for it. */
    private record Bit(String name, int leaf, int sub, int register, int bit, long state) {}

    private static final int EAX = 0;
    private static final int EBX = 1;
    private static final int ECX = 2;
    private static final int EDX = 3;
    private static final int OSXSAVE = 27; // of leaf 1, ECX
    private static final long NONE = 0;
    private static final long YMM = 0x6; // what XGETBV has set where the system saves these registers
    private static final long ZMM = 0xE6;
    private static final long TILES = 0x60000;

    private static final Bit[] BITS = {
        new Bit("sse4_1", 1, 0, ECX, 19, NONE),
        new Bit("popcnt", 1, 0, ECX, 23, NONE),
        new Bit("fma", 1, 0, ECX, 12, YMM),
        new Bit("avx", 1, 0, ECX, 28, YMM),
        new Bit("f16c", 1, 0, ECX, 29, YMM),
        new Bit("bmi1", 7, 0, EBX, 3, NONE),
        new Bit("avx2", 7, 0, EBX, 5, YMM),
        new Bit("bmi2", 7, 0, EBX, 8, NONE),
        new Bit("avx512f", 7, 0, EBX, 16, ZMM),
        new Bit("avx512dq", 7, 0, EBX, 17, ZMM),
        new Bit("avx512bw", 7, 0, EBX, 30, ZMM),
        new Bit("avx512vl", 7, 0, EBX, 31, ZMM),
        new Bit("avx512vbmi", 7, 0, ECX, 1, ZMM),
        new Bit("avx512_vnni", 7, 0, ECX, 11, ZMM),
        new Bit("amx_bf16", 7, 0, EDX, 22, TILES),
        new Bit("avx512_fp16", 7, 0, EDX, 23, ZMM),
        new Bit("amx_tile", 7, 0, EDX, 24, TILES),
        new Bit("amx_int8", 7, 0, EDX, 25, TILES),
        new Bit("avx_vnni", 7, 1, EAX, 4, YMM),
        new Bit("avx512_bf16", 7, 1, EAX, 5, ZMM),
    };

    private static final int BLOCK = 32; // [leaf][sub] in, [eax][ebx][ecx][edx] out, as ints
    private static final int NAME_LEAF = 0x80000002;

    public CpuId {
        features = Set.copyOf(features);
    }

    /** Whether this process runs x86-64 code: its own executable says so. */
    public static boolean isX86() {
        byte[] head = new byte[20];
        try (InputStream in = Files.newInputStream(Path.of("/proc/self/exe"))) {
            int n = in.readNBytes(head, 0, head.length);
            return n == head.length && head[0] == 0x7F && head[1] == 'E' && head[18] == 0x3E && head[19] == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** What the CPU and the system answer; tests make some up. */
    interface Answers {
        /** eax, ebx, ecx, edx of a leaf of CPUID. */
        int[] cpuid(int leaf, int sub);

        /** What registers the system saves: the low half of XCR0. Asked only where the system says that it may be. */
        long xgetbv();
    }

    /** Asks the CPU. Only where {@link #isX86}. */
    public static CpuId read(MachineCode code, Memory memory) {
        MachineCode.Function cpuid = code.load("cpuid", cpuidCode());
        MachineCode.Function xgetbv = code.load("xgetbv", xgetbvCode());
        try (Region region = memory.reserve("cpuid", BLOCK)) {
            MemorySegment block = region.bytes();
            return of(new Answers() {
                @Override
                public int[] cpuid(int leaf, int sub) {
                    block.set(ValueLayout.JAVA_INT, 0, leaf);
                    block.set(ValueLayout.JAVA_INT, 4, sub);
                    cpuid.callBriefly(block.address());
                    return block.asSlice(8, 16).toArray(ValueLayout.JAVA_INT);
                }

                @Override
                public long xgetbv() {
                    xgetbv.callBriefly(block.address());
                    return block.get(ValueLayout.JAVA_INT, 0) & 0xFFFFFFFFL;
                }
            });
        }
    }

    /**
     * Asks the CPU before code that needs these features is trusted to it: what the system lists need not be true where
     * the system is emulated, or the list comes from another machine.
     *
     * @throws MachineCodeException if the CPU, or what the system saves of its registers, lacks one
     */
    public static void require(Set<String> needed, MachineCode code, Memory memory) {
        Set<String> missing = new TreeSet<>(needed);
        missing.removeAll(read(code, memory).features());
        if (missing.isEmpty()) return;
        throw new MachineCodeException(
                "the CPU itself (CPUID, XGETBV) does not offer what the system lists: missing=" + missing, 0);
    }

    static CpuId of(Answers answers) {
        Set<String> features = new TreeSet<>();
        int highest = answers.cpuid(0, 0)[EAX];
        boolean saves = (answers.cpuid(1, 0)[ECX] >> OSXSAVE & 1) != 0;
        long state = saves ? answers.xgetbv() : 0;
        for (Bit b : BITS) {
            if (Integer.compareUnsigned(b.leaf, highest) > 0) continue;
            if (b.sub > 0 && Integer.compareUnsigned(answers.cpuid(b.leaf, 0)[EAX], b.sub) < 0) continue;
            boolean has = (answers.cpuid(b.leaf, b.sub)[b.register] >> b.bit & 1) != 0;
            if (has && (state & b.state) == b.state) features.add(b.name);
        }
        return new CpuId(name(answers), features);
    }

    private static String name(Answers answers) {
        if (Integer.compareUnsigned(answers.cpuid(0x80000000, 0)[EAX], NAME_LEAF + 2) < 0) return "";
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 3; i++) {
            for (int word : answers.cpuid(NAME_LEAF + i, 0)) {
                for (int at = 0; at < 32; at += 8) text.append((char) (word >> at & 0x7F));
            }
        }
        int end = text.indexOf("\0");
        return (end < 0 ? text.toString() : text.substring(0, end)).strip();
    }

    private static byte[] cpuidCode() {
        X86Assembler a = new X86Assembler(Set.of());
        a.emit(ENDBR64).emit(PUSH, RBX);
        a.emit(MOV, RAX.low32(), mem(RDI, 0))
                .emit(MOV, RCX.low32(), mem(RDI, 4))
                .emit(CPUID);
        a.emit(MOV, mem(RDI, 8), RAX.low32()).emit(MOV, mem(RDI, 12), RBX.low32());
        a.emit(MOV, mem(RDI, 16), RCX.low32()).emit(MOV, mem(RDI, 20), RDX.low32());
        return a.emit(POP, RBX).emit(RET).finish();
    }

    private static byte[] xgetbvCode() {
        X86Assembler a = new X86Assembler(Set.of());
        a.emit(ENDBR64).emit(Integers.XOR, RCX.low32(), RCX.low32()).emit(XGETBV);
        return a.emit(MOV, mem(RDI, 0), RAX.low32()).emit(RET).finish();
    }
}
