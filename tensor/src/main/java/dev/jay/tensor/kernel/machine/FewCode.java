// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.CMOVG;
import static dev.jay.tensor.asm.x86.Integers.CMOVL;
import static dev.jay.tensor.asm.x86.Integers.CMP;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.IMUL;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.POP;
import static dev.jay.tensor.asm.x86.Integers.PUSH;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.SHL;
import static dev.jay.tensor.asm.x86.Integers.SUB;
import static dev.jay.tensor.asm.x86.Integers.XOR;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R11;
import static dev.jay.tensor.asm.x86.Reg.R12;
import static dev.jay.tensor.asm.x86.Reg.R13;
import static dev.jay.tensor.asm.x86.Reg.R14;
import static dev.jay.tensor.asm.x86.Reg.R15;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.R9;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RBP;
import static dev.jay.tensor.asm.x86.Reg.RBX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/**
 * Attention of at most eight queries a KV head, in float32: what a token costs is reading keys and values once, and all
 * else is to happen meanwhile. Memory is fastest where rows are read in the order they lie in, so all heads of a page are
 * worked on before the next page: page after page, head after head, 32 slots after 32. While one entry's rows are
 * multiplied, the lines of later ones are asked for, evenly ({@link FewFetch}).
 */
final class FewCode {
    static final int LIST = 0; // addresses of pages, and one more whose rows are only asked for
    static final int ENTRIES = 1; // of 32 slots, in all pages together
    static final int KEY_STRIDE = 2; // bytes
    static final int VALUE_STRIDE = 3;
    static final int HEADS = 4;
    static final int HEAD_BYTES = 5; // from one head's rows to the next's
    static final int QUADS = 6; // of a head
    static final int STATES = 7; // quads of all heads
    static final int SIGHTS = 8;
    static final int ALL_FROM = 9; // slots that every query sees
    static final int ALL_TO = 10;
    static final int FROM = 11; // slots that any query sees
    static final int TO = 12;
    static final int ADJUSTED = 13; // 0: neither cap nor bias, and both are not looked at
    static final int BIAS = 14; // where slot 0's would be; 0: none
    static final int CAP = 15; // times log2(e), a float's bits; 0: none
    static final int PAGE_ENTRIES = 16;
    static final int VALUES_OFFSET = 17; // bytes from a page's keys to its values
    static final int SLOT = 18; // the first; it is moved on
    static final int SKIPPED = 19; // entries of the first page before it

    static final int ROWS_LEFT = 20; // from here on its own
    static final int BLOCK_ROWS = 21;
    static final int SIGHT = 22;
    private static final int HEADS_LEFT = 23;
    private static final int ENTRIES_LEFT = 24; // of a head in a page
    private static final int QUADS_LEFT = 25;
    private static final int HEAD_KEYS = 26;
    private static final int HEAD_VALUES = 27;
    private static final int HEAD_STATE = 28;
    private static final int IN_PAGE = 29; // entries

    private static final int SLOTS = 32; // of an entry
    private static final int NEAR =
            8192; // bytes of an entry: of larger ones, the second half is asked for in the first

    private final KvLoad keys;
    private final KvLoad values;
    private final FewLayout layout;
    private final X86Assembler a;
    private final Constants constants;

    private FewCode(KvLoad keys, KvLoad values, FewLayout layout, Set<String> features) {
        this.keys = keys;
        this.values = values;
        this.layout = layout;
        this.a = new X86Assembler(features);
        this.constants = new Constants(a);
    }

    static byte[] build(KvLoad keys, KvLoad values, FewLayout layout, Set<String> features) {
        return new FewCode(keys, values, layout, features).build();
    }

    static Mem arg(int index) {
        return mem(RBX, 8 * index);
    }

    private byte[] build() {
        Reg[] kept = {RBX, RBP, R12, R13, R14, R15};
        Label page = a.label();
        Label head = a.label();
        Label entry = a.label();
        a.emit(ENDBR64);
        for (Reg r : kept) a.emit(PUSH, r);
        a.emit(MOV, RBX, RDI).emit(MOV, R12, arg(LIST));
        LaneMask.first(a, k(6), layout.keyWidth() % FewLayout.PART);
        LaneMask.first(a, k(5), layout.valueWidth() % FewLayout.PART);
        a.bind(page);
        page();
        copy(arg(HEADS), HEADS_LEFT);
        copy(arg(STATES), HEAD_STATE);
        a.bind(head);
        copy(arg(IN_PAGE), ENTRIES_LEFT);
        a.emit(MOV, R13, arg(SLOT)).emit(MOV, R8, arg(HEAD_KEYS)).emit(MOV, R9, arg(HEAD_VALUES));
        a.bind(entry);
        next();
        quads();
        a.emit(MOV, R8, R14).emit(MOV, R9, R15).emit(ADD, R13, imm(SLOTS));
        a.emit(MOV, RAX, arg(ENTRIES_LEFT)).emit(DEC, RAX).emit(MOV, arg(ENTRIES_LEFT), RAX);
        a.jump(Condition.NOT_ZERO, entry);
        a.emit(MOV, arg(HEAD_KEYS), R14).emit(MOV, arg(HEAD_VALUES), R15).emit(MOV, arg(HEAD_STATE), RBP);
        a.emit(MOV, RAX, arg(HEADS_LEFT)).emit(DEC, RAX).emit(MOV, arg(HEADS_LEFT), RAX);
        a.jump(Condition.NOT_ZERO, head);
        a.emit(ADD, R12, imm(Long.BYTES)).emit(MOV, arg(SLOT), R13);
        a.emit(MOV, RAX, arg(ENTRIES)).emit(SUB, RAX, arg(IN_PAGE)).emit(MOV, arg(ENTRIES), RAX);
        a.jump(Condition.NOT_ZERO, page);
        a.emit(VZEROUPPER);
        for (int i = kept.length - 1; i >= 0; i--) a.emit(POP, kept[i]);
        a.emit(RET);
        constants.write();
        return a.finish();
    }

    private void copy(Mem from, int to) {
        a.emit(MOV, RAX, from).emit(MOV, arg(to), RAX);
    }

    /** The first head's rows of the page at r12, and how many entries: those that are left, or up to its end. */
    private void page() {
        a.emit(MOV, RDX, arg(SKIPPED)).emit(XOR, RAX.low32(), RAX.low32()).emit(MOV, arg(SKIPPED), RAX);
        a.emit(MOV, RAX, arg(PAGE_ENTRIES)).emit(SUB, RAX, RDX).emit(MOV, RCX, arg(ENTRIES));
        a.emit(CMP, RAX, RCX).emit(CMOVG, RAX, RCX).emit(MOV, arg(IN_PAGE), RAX);
        a.emit(SHL, RDX, imm(5)).emit(MOV, RSI, mem(R12, 0)).emit(MOV, RAX, arg(KEY_STRIDE));
        a.emit(IMUL, RAX, RDX).emit(ADD, RAX, RSI).emit(MOV, arg(HEAD_KEYS), RAX);
        a.emit(MOV, RAX, arg(VALUE_STRIDE)).emit(IMUL, RAX, RDX).emit(ADD, RAX, RSI);
        a.emit(ADD, RAX, arg(VALUES_OFFSET)).emit(MOV, arg(HEAD_VALUES), RAX);
    }

    /** r14, r15 = the rows after the entry at r8, r9: in the same page, else of the next head, else of the next page. */
    private void next() {
        Label otherHead = a.label();
        Label otherPage = a.label();
        Label found = a.label();
        a.emit(MOV, RAX, arg(ENTRIES_LEFT)).emit(DEC, RAX).jump(Condition.ZERO, otherHead);
        a.emit(MOV, R14, arg(KEY_STRIDE)).emit(SHL, R14, imm(5)).emit(ADD, R14, R8);
        a.emit(MOV, R15, arg(VALUE_STRIDE))
                .emit(SHL, R15, imm(5))
                .emit(ADD, R15, R9)
                .jump(found);
        a.bind(otherHead).emit(MOV, RAX, arg(HEADS_LEFT)).emit(DEC, RAX).jump(Condition.ZERO, otherPage);
        a.emit(MOV, RAX, arg(HEAD_BYTES)).emit(MOV, R14, arg(HEAD_KEYS)).emit(MOV, R15, arg(HEAD_VALUES));
        a.emit(ADD, R14, RAX).emit(ADD, R15, RAX).jump(found);
        a.bind(otherPage)
                .emit(MOV, R14, mem(R12, Long.BYTES))
                .emit(MOV, R15, R14)
                .emit(ADD, R15, arg(VALUES_OFFSET));
        a.bind(found);
    }

    /** The entry at r8, r9 for each quad of its head; rbp is moved behind them. */
    private void quads() {
        Label quad = a.label();
        int keyBytes = keys.lineBytes() * layout.keyWidth() / 32;
        int valueBytes = values.lineBytes() * layout.valueWidth() / 32;
        boolean near = SLOTS * (keyBytes + valueBytes) > NEAR;
        a.emit(MOV, RBP, arg(HEAD_STATE));
        copy(arg(QUADS), QUADS_LEFT);
        copy(arg(SIGHTS), SIGHT);
        a.bind(quad);
        a.emit(MOV, RCX, arg(KEY_STRIDE)).emit(MOV, RDI, near ? R9 : R14);
        new FewScores(a, constants, keys, layout).emit(new FewFetch(a, near, near ? valueBytes : keyBytes));
        new FewWeights(a, constants, layout).emit();
        a.emit(MOV, RDI, near ? R14 : R15);
        valueRows();
        new FewValues(a, constants, values, layout).emit(new FewFetch(a, near, near ? keyBytes : valueBytes));
        a.emit(ADD, RBP, imm(layout.quadBytes()));
        a.emit(MOV, RAX, arg(SIGHT)).emit(ADD, RAX, imm(FewLayout.SIGHT)).emit(MOV, arg(SIGHT), RAX);
        a.emit(MOV, RAX, arg(QUADS_LEFT)).emit(DEC, RAX).emit(MOV, arg(QUADS_LEFT), RAX);
        a.jump(Condition.NOT_ZERO, quad);
    }

    /** rsi, rcx, rdx and the argument for {@link FewValues}: rows that nobody sees may hold anything, and are left out. */
    private void valueRows() {
        a.emit(XOR, R10.low32(), R10.low32()).emit(MOV, RAX, arg(FROM)).emit(SUB, RAX, R13);
        a.emit(CMP, RAX, R10).emit(CMOVL, RAX, R10);
        a.emit(MOV, R10, imm(SLOTS)).emit(MOV, R11, arg(TO)).emit(SUB, R11, R13);
        a.emit(CMP, R11, R10).emit(CMOVG, R11, R10).emit(SUB, R11, RAX).emit(MOV, arg(ROWS_LEFT), R11);
        a.emit(MOV, RCX, arg(VALUE_STRIDE)).emit(LEA, RDX, mem(RBX, FewLayout.WEIGHTS));
        a.emit(MOV, R10, RAX).emit(SHL, R10, imm(4)).emit(ADD, RDX, R10);
        a.emit(IMUL, RAX, RCX).emit(LEA, RSI, mem(R9, RAX, 1, 0));
    }
}
