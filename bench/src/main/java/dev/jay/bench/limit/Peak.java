// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.limit;

import static dev.jay.tensor.asm.x86.Amx.LDTILECFG;
import static dev.jay.tensor.asm.x86.Amx.TDPBF16PS;
import static dev.jay.tensor.asm.x86.Amx.TDPBSSD;
import static dev.jay.tensor.asm.x86.Amx.TILERELEASE;
import static dev.jay.tensor.asm.x86.Amx.TILEZERO;
import static dev.jay.tensor.asm.x86.Avx512.VPDPBUSD;
import static dev.jay.tensor.asm.x86.Avx512.VPDPBUSD_VEX;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.tmm;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VPADDD;
import static dev.jay.tensor.asm.x86.Vectors.VPMADDUBSW;
import static dev.jay.tensor.asm.x86.Vectors.VPMADDWD;
import static dev.jay.tensor.asm.x86.Vectors.VXORPS;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Instruction;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Optional;
import java.util.Set;

/**
 * The instructions that multiplications are made of. Each writes a loop of them and nothing else, as many side by side as
 * hide their latency: what it does in a second is the most that a kernel of that instruction can do.
 */
public enum Peak {
    /** Fused multiply-add of 32-bit floats. */
    F32_FMA,
    /** Sums of four products of bytes: VNNI, or what stands for it in AVX2. */
    INT8_DOT,
    /** Tiles of bfloat16. */
    AMX_BF16,
    /** Tiles of bytes. */
    AMX_INT8;

    private static final int CHAINS = 12;
    private static final int TILES = 6; // sums; two more are multiplied
    private static final int VECTOR_ROUNDS = 100_000; // about a quarter of a millisecond
    private static final int TILE_ROUNDS = 8_000;

    /** @param operations of one round; a multiplication and an addition are two */
    record Loop(byte[] code, int rounds, long operations) {
        double giga() {
            return rounds * (double) operations / 1e9;
        }
    }

    boolean needsTiles() {
        return this == AMX_BF16 || this == AMX_INT8;
    }

    /** The loop for a CPU of these features; empty if it has no such instruction. Takes (rounds, tile configuration). */
    Optional<Loop> loop(Set<String> features) {
        boolean wide = features.contains("avx512f");
        return switch (this) {
            case F32_FMA ->
                wide
                        ? vector(features, 512, VFMADD231PS, 2 * 16)
                        : features.containsAll(Set.of("avx2", "fma"))
                                ? vector(features, 256, VFMADD231PS, 2 * 8)
                                : Optional.empty();
            case INT8_DOT ->
                features.contains("avx512_vnni")
                        ? vector(features, 512, VPDPBUSD, 2 * 64)
                        : features.contains("avx_vnni")
                                ? vector(features, 256, VPDPBUSD_VEX, 2 * 32)
                                : features.contains("avx2") ? bytesInThreeSteps(features) : Optional.empty();
            case AMX_BF16 ->
                features.contains("amx_bf16") ? tiles(features, TDPBF16PS, 2 * 16 * 16 * 32) : Optional.empty();
            case AMX_INT8 ->
                features.contains("amx_int8") ? tiles(features, TDPBSSD, 2 * 16 * 16 * 64) : Optional.empty();
        };
    }

    private static Optional<Loop> vector(Set<String> features, int bits, Instruction instruction, int each) {
        X86Assembler a = new X86Assembler(features);
        a.emit(ENDBR64);
        for (int i = 0; i < 16; i++) a.emit(VXORPS, xmm(i), xmm(i), xmm(i));
        Label next = a.label();
        a.align(32).bind(next);
        for (int i = 0; i < CHAINS; i++) {
            if (bits == 512) a.emit(instruction, zmm(i), zmm(14), zmm(15));
            else a.emit(instruction, ymm(i), ymm(14), ymm(15));
        }
        a.emit(DEC, RDI).jump(Condition.NOT_ZERO, next).emit(VZEROUPPER).emit(RET);
        return Optional.of(new Loop(a.finish(), VECTOR_ROUNDS, (long) CHAINS * each));
    }

    /** Pairs of bytes to 16 bits, pairs of those to 32, and a sum. */
    private static Optional<Loop> bytesInThreeSteps(Set<String> features) {
        X86Assembler a = new X86Assembler(features);
        int chains = 4;
        a.emit(ENDBR64);
        for (int i = 0; i < 16; i++) a.emit(VXORPS, xmm(i), xmm(i), xmm(i));
        Label next = a.label();
        a.align(32).bind(next);
        for (int i = 0; i < chains; i++) {
            a.emit(VPMADDUBSW, ymm(4 + i), ymm(14), ymm(15)).emit(VPMADDWD, ymm(4 + i), ymm(4 + i), ymm(13));
            a.emit(VPADDD, ymm(i), ymm(i), ymm(4 + i));
        }
        a.emit(DEC, RDI).jump(Condition.NOT_ZERO, next).emit(VZEROUPPER).emit(RET);
        return Optional.of(new Loop(a.finish(), VECTOR_ROUNDS, chains * 2L * 32));
    }

    private static Optional<Loop> tiles(Set<String> features, Instruction instruction, int each) {
        X86Assembler a = new X86Assembler(features);
        a.emit(ENDBR64).emit(LDTILECFG, mem(RSI, 0));
        for (int t = 0; t < 8; t++) a.emit(TILEZERO, tmm(t));
        Label next = a.label();
        a.align(32).bind(next);
        for (int t = 0; t < TILES; t++) a.emit(instruction, tmm(t), tmm(6), tmm(7));
        a.emit(DEC, RDI).jump(Condition.NOT_ZERO, next).emit(TILERELEASE).emit(RET);
        return Optional.of(new Loop(a.finish(), TILE_ROUNDS, (long) TILES * each));
    }
}
