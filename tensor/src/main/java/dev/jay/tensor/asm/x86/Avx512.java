// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm.x86;

import static dev.jay.tensor.asm.x86.Slot.H;
import static dev.jay.tensor.asm.x86.Slot.HM;
import static dev.jay.tensor.asm.x86.Slot.I;
import static dev.jay.tensor.asm.x86.Slot.K;
import static dev.jay.tensor.asm.x86.Slot.M;
import static dev.jay.tensor.asm.x86.Slot.QM;
import static dev.jay.tensor.asm.x86.Slot.R32;
import static dev.jay.tensor.asm.x86.Slot.R64;
import static dev.jay.tensor.asm.x86.Slot.V;
import static dev.jay.tensor.asm.x86.Slot.VM;
import static dev.jay.tensor.asm.x86.Slot.XM;
import static dev.jay.tensor.asm.x86.Vectors.evex;
import static dev.jay.tensor.asm.x86.Vectors.vex;

/** Instructions that only AVX-512 has, VNNI, BF16 and mask registers among them; and the AVX form of VNNI. */
public final class Avx512 {
    private static final int XY = 128 + 256;
    private static final int XYZ = 128 + 256 + 512;
    private static final int YZ = 256 + 512;
    private static final int Z = 512;
    private static final String F = "avx512f";
    private static final String BW = "avx512bw";
    private static final String DQ = "avx512dq";
    private static final String VNNI = "avx512_vnni";
    private static final String BF16 = "avx512_bf16";

    public static final Instruction VPROLVD = three("vprolvd", 1, 2, 0x15, 0, Tuple.FULL4, F);
    public static final Instruction VPANDD = three("vpandd", 1, 1, 0xDB, 0, Tuple.FULL4, F);
    public static final Instruction VPANDND = three("vpandnd", 1, 1, 0xDF, 0, Tuple.FULL4, F);
    public static final Instruction VPORD = three("vpord", 1, 1, 0xEB, 0, Tuple.FULL4, F);
    public static final Instruction VPXORD = three("vpxord", 1, 1, 0xEF, 0, Tuple.FULL4, F);
    public static final Instruction VPANDQ = three("vpandq", 1, 1, 0xDB, 1, Tuple.FULL8, F);
    public static final Instruction VPORQ = three("vporq", 1, 1, 0xEB, 1, Tuple.FULL8, F);
    public static final Instruction VPXORQ = three("vpxorq", 1, 1, 0xEF, 1, Tuple.FULL8, F);
    public static final Instruction VSCALEFPS = three("vscalefps", 1, 2, 0x2C, 0, Tuple.FULL4, F);
    public static final Instruction VPERMW = three("vpermw", 1, 2, 0x8D, 1, Tuple.WHOLE, BW);
    public static final Instruction VPSRLVW = three("vpsrlvw", 1, 2, 0x10, 1, Tuple.WHOLE, BW);
    public static final Instruction VPSLLVW = three("vpsllvw", 1, 2, 0x12, 1, Tuple.WHOLE, BW);
    public static final Instruction VPBLENDMD = three("vpblendmd", 1, 2, 0x64, 0, Tuple.FULL4, F);
    public static final Instruction VBLENDMPS = three("vblendmps", 1, 2, 0x65, 0, Tuple.FULL4, F);
    public static final Instruction VPERMI2W = three("vpermi2w", 1, 2, 0x75, 1, Tuple.WHOLE, BW);
    public static final Instruction VPERMI2D = three("vpermi2d", 1, 2, 0x76, 0, Tuple.FULL4, F);
    public static final Instruction VPERMI2PS = three("vpermi2ps", 1, 2, 0x77, 0, Tuple.FULL4, F);
    public static final Instruction VPERMT2W = three("vpermt2w", 1, 2, 0x7D, 1, Tuple.WHOLE, BW);
    public static final Instruction VPERMT2D = three("vpermt2d", 1, 2, 0x7E, 0, Tuple.FULL4, F);

    public static final Instruction VPDPBUSD = three("vpdpbusd", 1, 2, 0x50, 0, Tuple.FULL4, VNNI);
    public static final Instruction VPDPWSSD = three("vpdpwssd", 1, 2, 0x52, 0, Tuple.FULL4, VNNI);
    /** Sums of products of bytes, unsigned by signed, as AVX-VNNI writes it. */
    public static final Instruction VPDPBUSD_VEX =
            new Instruction("{vex} vpdpbusd", vex(Form.RVM, 1, 2, 0x50, 0, XY, Tuple.WHOLE, "avx_vnni", V, V, VM));

    public static final Instruction VPDPWSSD_VEX =
            new Instruction("{vex} vpdpwssd", vex(Form.RVM, 1, 2, 0x52, 0, XY, Tuple.WHOLE, "avx_vnni", V, V, VM));

    public static final Instruction VDPBF16PS = three("vdpbf16ps", 2, 2, 0x52, 0, Tuple.FULL4, BF16);
    public static final Instruction VCVTNE2PS2BF16 = three("vcvtne2ps2bf16", 3, 2, 0x72, 0, Tuple.FULL4, BF16);
    public static final Instruction VCVTNEPS2BF16 =
            new Instruction("vcvtneps2bf16", evex(Form.RM, 2, 2, 0x72, 0, XYZ, Tuple.FULL4, BF16, H, V));

    public static final Instruction VMOVDQU8 = move("vmovdqu8", 3, 0, BW);
    public static final Instruction VMOVDQU16 = move("vmovdqu16", 3, 1, BW);
    public static final Instruction VMOVDQU32 = move("vmovdqu32", 2, 0, F);
    public static final Instruction VMOVDQU64 = move("vmovdqu64", 2, 1, F);
    public static final Instruction VMOVDQA32 = move("vmovdqa32", 1, 0, F);
    public static final Instruction VMOVDQA64 = move("vmovdqa64", 1, 1, F);

    public static final Instruction VGETEXPPS = two("vgetexpps", 0x42);
    public static final Instruction VRCP14PS = two("vrcp14ps", 0x4C);
    public static final Instruction VRSQRT14PS = two("vrsqrt14ps", 0x4E);

    public static final Instruction VPBROADCASTB_GPR = fromGpr("vpbroadcastb", 0x7A, 0, BW, R32);
    public static final Instruction VPBROADCASTW_GPR = fromGpr("vpbroadcastw", 0x7B, 0, BW, R32);
    public static final Instruction VPBROADCASTD_GPR = fromGpr("vpbroadcastd", 0x7C, 0, F, R32);
    public static final Instruction VPBROADCASTQ_GPR = fromGpr("vpbroadcastq", 0x7C, 1, F, R64);
    public static final Instruction VBROADCASTF32X4 = block("vbroadcastf32x4", 0x1A, 0, YZ, Tuple.BYTES16, F);
    public static final Instruction VBROADCASTI32X4 = block("vbroadcasti32x4", 0x5A, 0, YZ, Tuple.BYTES16, F);
    public static final Instruction VBROADCASTI64X4 = block("vbroadcasti64x4", 0x5B, 1, Z, Tuple.BYTES32, F);
    public static final Instruction VBROADCASTI32X8 = block("vbroadcasti32x8", 0x5B, 0, Z, Tuple.BYTES32, DQ);

    /** Values that lie side by side go to the lanes that the mask names; behind the last of them nothing is read. */
    public static final Instruction VPEXPANDD =
            new Instruction("vpexpandd", evex(Form.RM, 1, 2, 0x89, 0, XYZ, Tuple.BYTES4, F, V, VM));

    public static final Instruction VPMOVWB = narrow("vpmovwb", 0x30, Tuple.HALF, BW, HM);
    public static final Instruction VPMOVDB = narrow("vpmovdb", 0x31, Tuple.QUARTER, F, QM);
    public static final Instruction VPMOVSDB = narrow("vpmovsdb", 0x21, Tuple.QUARTER, F, QM);
    public static final Instruction VPMOVDW = narrow("vpmovdw", 0x33, Tuple.HALF, F, HM);

    public static final Instruction VINSERTI32X4 = insert("vinserti32x4", 0x38, 0, YZ, Tuple.BYTES16, F, XM);
    public static final Instruction VINSERTI64X4 = insert("vinserti64x4", 0x3A, 1, Z, Tuple.BYTES32, F, HM);
    public static final Instruction VINSERTI32X8 = insert("vinserti32x8", 0x3A, 0, Z, Tuple.BYTES32, DQ, HM);
    public static final Instruction VEXTRACTF32X4 = extract("vextractf32x4", 0x19, 0, YZ, Tuple.BYTES16, F, XM);
    public static final Instruction VEXTRACTF64X4 = extract("vextractf64x4", 0x1B, 1, Z, Tuple.BYTES32, F, HM);
    public static final Instruction VEXTRACTI32X4 = extract("vextracti32x4", 0x39, 0, YZ, Tuple.BYTES16, F, XM);
    public static final Instruction VEXTRACTI64X4 = extract("vextracti64x4", 0x3B, 1, Z, Tuple.BYTES32, F, HM);
    public static final Instruction VALIGND = insert("valignd", 0x03, 0, XYZ, Tuple.FULL4, F, VM);
    public static final Instruction VSHUFF32X4 = insert("vshuff32x4", 0x23, 0, YZ, Tuple.FULL4, F, VM);
    public static final Instruction VPTERNLOGD = insert("vpternlogd", 0x25, 0, XYZ, Tuple.FULL4, F, VM);
    public static final Instruction VSHUFI32X4 = insert("vshufi32x4", 0x43, 0, YZ, Tuple.FULL4, F, VM);
    public static final Instruction VSHUFI64X2 = insert("vshufi64x2", 0x43, 1, YZ, Tuple.FULL8, F, VM);
    public static final Instruction VRNDSCALEPS =
            new Instruction("vrndscaleps", evex(Form.RM, 1, 3, 0x08, 0, XYZ, Tuple.FULL4, F, V, VM, I));
    public static final Instruction VREDUCEPS =
            new Instruction("vreduceps", evex(Form.RM, 1, 3, 0x56, 0, XYZ, Tuple.FULL4, DQ, V, VM, I));

    public static final Instruction VCMPPS =
            new Instruction("vcmpps", evex(Form.RVM, 0, 1, 0xC2, 0, XYZ, Tuple.FULL4, F, K, V, VM, I));
    public static final Instruction VPCMPD =
            new Instruction("vpcmpd", evex(Form.RVM, 1, 3, 0x1F, 0, XYZ, Tuple.FULL4, F, K, V, VM, I));
    public static final Instruction VPTESTMD =
            new Instruction("vptestmd", evex(Form.RVM, 1, 2, 0x27, 0, XYZ, Tuple.FULL4, F, K, V, VM));
    public static final Instruction KMOVW = new Instruction(
            "kmovw",
            vex(Form.RM, 0, 1, 0x92, 0, 0, Tuple.BYTES2, F, K, R32),
            vex(Form.RM, 0, 1, 0x93, 0, 0, Tuple.BYTES2, F, R32, K));
    public static final Instruction KMOVD = new Instruction(
            "kmovd",
            vex(Form.RM, 3, 1, 0x92, 0, 0, Tuple.BYTES4, BW, K, R32),
            vex(Form.RM, 3, 1, 0x93, 0, 0, Tuple.BYTES4, BW, R32, K));
    public static final Instruction KMOVQ = new Instruction(
            "kmovq",
            vex(Form.RM, 3, 1, 0x92, 1, 0, Tuple.BYTES8, BW, K, R64),
            vex(Form.RM, 3, 1, 0x93, 1, 0, Tuple.BYTES8, BW, R64, K));

    private Avx512() {}

    private static Instruction three(String name, int prefix, int map, int opcode, int w, Tuple tuple, String feature) {
        return new Instruction(name, evex(Form.RVM, prefix, map, opcode, w, XYZ, tuple, feature, V, V, VM));
    }

    private static Instruction two(String name, int opcode) {
        return new Instruction(name, evex(Form.RM, 1, 2, opcode, 0, XYZ, Tuple.FULL4, F, V, VM));
    }

    private static Instruction move(String name, int prefix, int w, String feature) {
        return new Instruction(
                name,
                evex(Form.RM, prefix, 1, 0x6F, w, XYZ, Tuple.WHOLE, feature, V, VM),
                evex(Form.MR, prefix, 1, 0x7F, w, XYZ, Tuple.WHOLE, feature, M, V));
    }

    private static Instruction fromGpr(String name, int opcode, int w, String feature, Slot from) {
        return new Instruction(name, evex(Form.RM, 1, 2, opcode, w, XYZ, Tuple.WHOLE, feature, V, from));
    }

    private static Instruction block(String name, int opcode, int w, int widths, Tuple tuple, String feature) {
        return new Instruction(name, evex(Form.RM, 1, 2, opcode, w, widths, tuple, feature, V, M));
    }

    private static Instruction narrow(String name, int opcode, Tuple tuple, String feature, Slot to) {
        return new Instruction(name, evex(Form.MR, 2, 2, opcode, 0, XYZ, tuple, feature, to, V));
    }

    private static Instruction insert(
            String name, int opcode, int w, int widths, Tuple tuple, String feature, Slot from) {
        return new Instruction(name, evex(Form.RVM, 1, 3, opcode, w, widths, tuple, feature, V, V, from, I));
    }

    private static Instruction extract(
            String name, int opcode, int w, int widths, Tuple tuple, String feature, Slot to) {
        return new Instruction(name, evex(Form.MR, 1, 3, opcode, w, widths, tuple, feature, to, V, I));
    }
}
