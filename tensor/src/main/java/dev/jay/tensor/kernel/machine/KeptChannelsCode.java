// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.KMOVW;
import static dev.jay.tensor.asm.x86.Avx512.VPEXPANDD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.AND;
import static dev.jay.tensor.asm.x86.Integers.CMOVA;
import static dev.jay.tensor.asm.x86.Integers.CMP;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.MOVZX16;
import static dev.jay.tensor.asm.x86.Integers.MOVZX8;
import static dev.jay.tensor.asm.x86.Integers.SHR;
import static dev.jay.tensor.asm.x86.Integers.SUB;
import static dev.jay.tensor.asm.x86.Integers.XOR;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R11;
import static dev.jay.tensor.asm.x86.Reg.R14;
import static dev.jay.tensor.asm.x86.Reg.R15;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.R9;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RBX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;

import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.format.KeptChannels;
import java.util.Optional;

/** The kept channels as f32, close together; then, 32 channels at a time, each goes where the mask says, among the others' values. */
final class KeptChannelsCode implements GroupCode {
    private static final int TOGETHER = 4; // rows
    private static final int LEAST_INNER = 32; // bytes that may be read behind the others' values

    private final KeptChannels format;
    private final GroupCode inner;
    private final RowStore kept;

    private KeptChannelsCode(KeptChannels format, GroupCode inner) {
        this.format = format;
        this.inner = inner;
        this.kept = new RowStore(format.inner().width(), false);
    }

    static Optional<GroupCode> of(KeptChannels format) {
        boolean fits = format.rows() % TOGETHER == 0 && format.inner().bytes() >= LEAST_INNER;
        return fits ? GroupCode.of(format.inner()).map(inner -> new KeptChannelsCode(format, inner)) : Optional.empty();
    }

    /** The working space: the inner format's, where rows go, the kept channels; what a wrong mask would have read behind. */
    private int keptAt() {
        return inner.scratchBytes() + 64;
    }

    @Override
    public int scratchBytes() {
        return keptAt() + (format.rows() * kept.rowBytes() + 4 * format.width() + 63) / 64 * 64 + 64;
    }

    @Override
    public void begin(GroupsCode code) {
        inner.begin(code);
    }

    @Override
    public void group(GroupsCode code, RowStore rows) {
        X86Assembler a = code.a;
        a.emit(MOV, mem(R15, keptAt() - 64), R14).emit(LEA, R14, mem(R15, keptAt()));
        kept.begin(a);
        a.emit(ADD, RBX, imm(format.innerAt()));
        inner.group(code, kept);
        a.emit(SUB, RBX, imm(format.innerAt()));
        a.emit(MOV, R14, mem(R15, keptAt() - 64));
        rows.begin(a);
        a.emit(LEA, R9, mem(RBX, format.maskBytes())).emit(LEA, RSI, mem(R15, keptAt()));
        for (int block = 0; 32 * block < format.width(); block++) {
            int first = block;
            int parts = format.width() - 32 * block > 16 ? 2 : 1;
            a.emit(MOV, R10, RSI);
            part(a, 2 * block, 0);
            a.emit(MOV, R11, RSI);
            if (parts == 2) part(a, 2 * block + 1, 1);
            a.emit(LEA, RDI, mem(R14, block * rows.blockBytes()));
            code.rows(
                    format.rows(),
                    TOGETHER,
                    row -> {
                        for (int p = 0; p < parts; p++) {
                            Reg value = zmm(2 * row + p);
                            a.emit(VMOVUPS, value, zmm(16 + p));
                            var from = mem(p == 0 ? R10 : R11, row * kept.rowBytes());
                            a.emit(VPEXPANDD, value.mask(k(1 + p)), from);
                        }
                        rows.store(a, first, mem(RDI, row * rows.rowBytes()), zmm(2 * row), zmm(2 * row + 1));
                    },
                    () -> a.emit(ADD, R10, imm((long) TOGETHER * kept.rowBytes()))
                            .emit(ADD, R11, imm((long) TOGETHER * kept.rowBytes()))
                            .emit(ADD, RDI, imm((long) TOGETHER * rows.rowBytes())));
        }
    }

    /** Of sixteen channels: k1 or k2 the kept ones, zmm16 or zmm17 the others' values; moves r9 and rsi behind both. */
    private void part(X86Assembler a, int part, int index) {
        int channels = Math.min(16, format.width() - 16 * part);
        int all = (1 << channels) - 1;
        a.emit(channels > 8 ? MOVZX16 : MOVZX8, RAX.low32(), mem(RBX, 2 * part));
        a.emit(AND, RAX.low32(), imm(all)).emit(MOV, RDX.low32(), RAX.low32()).emit(XOR, RDX.low32(), imm(all));
        a.emit(KMOVW, k(1 + index), RDX.low32()).emit(VCVTPH2PS, zmm(0), mem(R9, 0));
        a.emit(VPEXPANDD, zmm(16 + index).zero(k(1 + index)), zmm(0)).emit(KMOVW, k(1 + index), RAX.low32());
        count(a);
        a.emit(LEA, RSI, mem(RSI, RAX, 4, 0));
        a.emit(MOV, RDX.low32(), imm(channels)).emit(SUB, RDX.low32(), RAX.low32());
        a.emit(LEA, R9, mem(R9, RDX, 2, 0)).emit(LEA, R8, mem(RBX, format.innerAt()));
        a.emit(CMP, R9, R8).emit(CMOVA, R9, R8); // whatever the mask says
    }

    /** rax = the bits that are set in its lowest sixteen, by sums of ever more of them. Uses rdx. */
    private static void count(X86Assembler a) {
        int[] masks = {0x5555, 0x3333, 0x0F0F, 0x00FF};
        for (int i = 0; i < masks.length; i++) {
            a.emit(MOV, RDX.low32(), RAX.low32()).emit(SHR, RDX.low32(), imm(1 << i));
            a.emit(AND, RDX.low32(), imm(masks[i])).emit(AND, RAX.low32(), imm(masks[i]));
            a.emit(ADD, RAX.low32(), RDX.low32());
        }
    }
}
