// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm.x86;

import static dev.jay.tensor.asm.x86.Slot.HM;
import static dev.jay.tensor.asm.x86.Slot.I;
import static dev.jay.tensor.asm.x86.Slot.M;
import static dev.jay.tensor.asm.x86.Slot.QM;
import static dev.jay.tensor.asm.x86.Slot.R64;
import static dev.jay.tensor.asm.x86.Slot.RM32;
import static dev.jay.tensor.asm.x86.Slot.RM64;
import static dev.jay.tensor.asm.x86.Slot.V;
import static dev.jay.tensor.asm.x86.Slot.VM;
import static dev.jay.tensor.asm.x86.Slot.X;
import static dev.jay.tensor.asm.x86.Slot.XM;

import java.util.List;

/** Instructions of AVX, AVX2, FMA and F16C, most with an AVX-512 form: one name for every width. */
public final class Vectors {
    private static final int XY = 128 + 256;
    private static final int XYZ = 128 + 256 + 512;
    private static final int Y = 256;
    private static final int YZ = 256 + 512;
    private static final String F = "avx512f";
    private static final String BW = "avx512bw";
    private static final String DQ = "avx512dq";

    public static final Instruction VADDPS = floats("vaddps", 0x58, F);
    public static final Instruction VMULPS = floats("vmulps", 0x59, F);
    public static final Instruction VSUBPS = floats("vsubps", 0x5C, F);
    public static final Instruction VMINPS = floats("vminps", 0x5D, F);
    public static final Instruction VDIVPS = floats("vdivps", 0x5E, F);
    public static final Instruction VMAXPS = floats("vmaxps", 0x5F, F);
    public static final Instruction VANDPS = floats("vandps", 0x54, DQ);
    public static final Instruction VANDNPS = floats("vandnps", 0x55, DQ);
    public static final Instruction VORPS = floats("vorps", 0x56, DQ);
    public static final Instruction VXORPS = floats("vxorps", 0x57, DQ);
    public static final Instruction VUNPCKLPS = floats("vunpcklps", 0x14, F);
    public static final Instruction VUNPCKHPS = floats("vunpckhps", 0x15, F);

    public static final Instruction VPUNPCKLBW = ints("vpunpcklbw", 1, 0x60, 0, Tuple.WHOLE, BW);
    public static final Instruction VPUNPCKLWD = ints("vpunpcklwd", 1, 0x61, 0, Tuple.WHOLE, BW);
    public static final Instruction VPUNPCKLDQ = ints("vpunpckldq", 1, 0x62, 0, Tuple.FULL4, F);
    public static final Instruction VPACKSSWB = ints("vpacksswb", 1, 0x63, 0, Tuple.WHOLE, BW);
    public static final Instruction VPACKUSWB = ints("vpackuswb", 1, 0x67, 0, Tuple.WHOLE, BW);
    public static final Instruction VPUNPCKHBW = ints("vpunpckhbw", 1, 0x68, 0, Tuple.WHOLE, BW);
    public static final Instruction VPUNPCKHWD = ints("vpunpckhwd", 1, 0x69, 0, Tuple.WHOLE, BW);
    public static final Instruction VPUNPCKHDQ = ints("vpunpckhdq", 1, 0x6A, 0, Tuple.FULL4, F);
    public static final Instruction VPACKSSDW = ints("vpackssdw", 1, 0x6B, 0, Tuple.FULL4, BW);
    public static final Instruction VPUNPCKLQDQ = ints("vpunpcklqdq", 1, 0x6C, 1, Tuple.FULL8, F);
    public static final Instruction VPUNPCKHQDQ = ints("vpunpckhqdq", 1, 0x6D, 1, Tuple.FULL8, F);
    public static final Instruction VPADDQ = ints("vpaddq", 1, 0xD4, 1, Tuple.FULL8, F);
    public static final Instruction VPMULLW = ints("vpmullw", 1, 0xD5, 0, Tuple.WHOLE, BW);
    public static final Instruction VPMADDWD = ints("vpmaddwd", 1, 0xF5, 0, Tuple.WHOLE, BW);
    public static final Instruction VPSUBB = ints("vpsubb", 1, 0xF8, 0, Tuple.WHOLE, BW);
    public static final Instruction VPSUBW = ints("vpsubw", 1, 0xF9, 0, Tuple.WHOLE, BW);
    public static final Instruction VPSUBD = ints("vpsubd", 1, 0xFA, 0, Tuple.FULL4, F);
    public static final Instruction VPADDB = ints("vpaddb", 1, 0xFC, 0, Tuple.WHOLE, BW);
    public static final Instruction VPADDW = ints("vpaddw", 1, 0xFD, 0, Tuple.WHOLE, BW);
    public static final Instruction VPADDD = ints("vpaddd", 1, 0xFE, 0, Tuple.FULL4, F);
    public static final Instruction VPSHUFB = ints("vpshufb", 2, 0x00, 0, Tuple.WHOLE, BW);
    public static final Instruction VPMADDUBSW = ints("vpmaddubsw", 2, 0x04, 0, Tuple.WHOLE, BW);
    public static final Instruction VPACKUSDW = ints("vpackusdw", 2, 0x2B, 0, Tuple.FULL4, BW);
    public static final Instruction VPMINSB = ints("vpminsb", 2, 0x38, 0, Tuple.WHOLE, BW);
    public static final Instruction VPMINSD = ints("vpminsd", 2, 0x39, 0, Tuple.FULL4, F);
    public static final Instruction VPMAXSB = ints("vpmaxsb", 2, 0x3C, 0, Tuple.WHOLE, BW);
    public static final Instruction VPMAXSD = ints("vpmaxsd", 2, 0x3D, 0, Tuple.FULL4, F);
    public static final Instruction VPMULLD = ints("vpmulld", 2, 0x40, 0, Tuple.FULL4, F);
    public static final Instruction VPSRLVD = ints("vpsrlvd", 2, 0x45, 0, Tuple.FULL4, F);
    public static final Instruction VPSRAVD = ints("vpsravd", 2, 0x46, 0, Tuple.FULL4, F);
    public static final Instruction VPSLLVD = ints("vpsllvd", 2, 0x47, 0, Tuple.FULL4, F);
    public static final Instruction VPERMD = new Instruction(
            "vpermd",
            vex(Form.RVM, 1, 2, 0x36, 0, Y, Tuple.WHOLE, "avx2", V, V, VM),
            evex(Form.RVM, 1, 2, 0x36, 0, YZ, Tuple.FULL4, F, V, V, VM));
    public static final Instruction VPERMPS = new Instruction(
            "vpermps",
            vex(Form.RVM, 1, 2, 0x16, 0, Y, Tuple.WHOLE, "avx2", V, V, VM),
            evex(Form.RVM, 1, 2, 0x16, 0, YZ, Tuple.FULL4, F, V, V, VM));

    // Logic: the AVX-512 forms have names of their own, with the size of a masked element.
    public static final Instruction VPAND = old("vpand", 1, 0xDB);
    public static final Instruction VPANDN = old("vpandn", 1, 0xDF);
    public static final Instruction VPOR = old("vpor", 1, 0xEB);
    public static final Instruction VPXOR = old("vpxor", 1, 0xEF);
    public static final Instruction VPSIGNB = old("vpsignb", 2, 0x08);
    public static final Instruction VPHADDD = old("vphaddd", 2, 0x02);
    public static final Instruction VPCMPGTD = old("vpcmpgtd", 1, 0x66);
    public static final Instruction VPCMPEQB = old("vpcmpeqb", 1, 0x74);
    public static final Instruction VPCMPEQD = old("vpcmpeqd", 1, 0x76);

    public static final Instruction VFMADD132PS = fused("vfmadd132ps", 0x98);
    public static final Instruction VFMADD213PS = fused("vfmadd213ps", 0xA8);
    public static final Instruction VFMADD231PS = fused("vfmadd231ps", 0xB8);
    public static final Instruction VFNMADD213PS = fused("vfnmadd213ps", 0xAC);
    public static final Instruction VFNMADD231PS = fused("vfnmadd231ps", 0xBC);
    public static final Instruction VFMADD231SS = new Instruction(
            "vfmadd231ss",
            vex(Form.RVM, 1, 2, 0xB9, 0, 0, Tuple.BYTES4, "fma", X, X, XM),
            evex(Form.RVM, 1, 2, 0xB9, 0, 0, Tuple.BYTES4, F, X, X, XM));

    public static final Instruction VADDSS = scalar("vaddss", 0x58);
    public static final Instruction VMULSS = scalar("vmulss", 0x59);
    public static final Instruction VSUBSS = scalar("vsubss", 0x5C);
    public static final Instruction VMINSS = scalar("vminss", 0x5D);
    public static final Instruction VDIVSS = scalar("vdivss", 0x5E);
    public static final Instruction VMAXSS = scalar("vmaxss", 0x5F);
    public static final Instruction VSQRTSS = scalar("vsqrtss", 0x51);
    public static final Instruction VMOVHLPS =
            new Instruction("vmovhlps", vex(Form.RVM, 0, 1, 0x12, 0, 0, Tuple.WHOLE, "avx", X, X, X));
    public static final Instruction VMOVLHPS =
            new Instruction("vmovlhps", vex(Form.RVM, 0, 1, 0x16, 0, 0, Tuple.WHOLE, "avx", X, X, X));

    public static final Instruction VMOVUPS = move("vmovups", 0, 0x10, 0x11);
    public static final Instruction VMOVAPS = move("vmovaps", 0, 0x28, 0x29);
    public static final Instruction VMOVDQU = new Instruction(
            "vmovdqu",
            vex(Form.RM, 2, 1, 0x6F, 0, XY, Tuple.WHOLE, "avx", V, VM),
            vex(Form.MR, 2, 1, 0x7F, 0, XY, Tuple.WHOLE, "avx", M, V));
    public static final Instruction VMOVDQA = new Instruction(
            "vmovdqa",
            vex(Form.RM, 1, 1, 0x6F, 0, XY, Tuple.WHOLE, "avx", V, VM),
            vex(Form.MR, 1, 1, 0x7F, 0, XY, Tuple.WHOLE, "avx", M, V));
    public static final Instruction VMOVSS = new Instruction(
            "vmovss",
            vex(Form.RM, 2, 1, 0x10, 0, 0, Tuple.BYTES4, "avx", X, M),
            vex(Form.MR, 2, 1, 0x11, 0, 0, Tuple.BYTES4, "avx", M, X),
            evex(Form.RM, 2, 1, 0x10, 0, 0, Tuple.BYTES4, F, X, M),
            evex(Form.MR, 2, 1, 0x11, 0, 0, Tuple.BYTES4, F, M, X));
    public static final Instruction VMOVD = new Instruction(
            "vmovd",
            vex(Form.RM, 1, 1, 0x6E, 0, 0, Tuple.BYTES4, "avx", X, RM32),
            vex(Form.MR, 1, 1, 0x7E, 0, 0, Tuple.BYTES4, "avx", RM32, X),
            evex(Form.RM, 1, 1, 0x6E, 0, 0, Tuple.BYTES4, F, X, RM32),
            evex(Form.MR, 1, 1, 0x7E, 0, 0, Tuple.BYTES4, F, RM32, X));
    public static final Instruction VMOVQ = new Instruction(
            "vmovq",
            vex(Form.RM, 1, 1, 0x6E, 1, 0, Tuple.BYTES8, "avx", X, R64),
            vex(Form.MR, 1, 1, 0x7E, 1, 0, Tuple.BYTES8, "avx", R64, X),
            vex(Form.RM, 2, 1, 0x7E, 0, 0, Tuple.BYTES8, "avx", X, M),
            vex(Form.MR, 1, 1, 0xD6, 0, 0, Tuple.BYTES8, "avx", M, X),
            evex(Form.RM, 1, 1, 0x6E, 1, 0, Tuple.BYTES8, F, X, RM64),
            evex(Form.MR, 1, 1, 0x7E, 1, 0, Tuple.BYTES8, F, RM64, X));

    public static final Instruction VSQRTPS = unary("vsqrtps", 0, 1, 0x51, "avx", Tuple.FULL4, F);
    public static final Instruction VCVTDQ2PS = unary("vcvtdq2ps", 0, 1, 0x5B, "avx", Tuple.FULL4, F);
    public static final Instruction VCVTPS2DQ = unary("vcvtps2dq", 1, 1, 0x5B, "avx", Tuple.FULL4, F);
    public static final Instruction VCVTTPS2DQ = unary("vcvttps2dq", 2, 1, 0x5B, "avx", Tuple.FULL4, F);
    public static final Instruction VMOVSLDUP = unary("vmovsldup", 2, 1, 0x12, "avx", Tuple.WHOLE, F);
    public static final Instruction VMOVSHDUP = unary("vmovshdup", 2, 1, 0x16, "avx", Tuple.WHOLE, F);
    public static final Instruction VPABSB = unary("vpabsb", 1, 2, 0x1C, "avx2", Tuple.WHOLE, BW);
    public static final Instruction VPABSD = unary("vpabsd", 1, 2, 0x1E, "avx2", Tuple.FULL4, F);

    public static final Instruction VCVTPH2PS = new Instruction(
            "vcvtph2ps",
            vex(Form.RM, 1, 2, 0x13, 0, XY, Tuple.HALF, "f16c", V, HM),
            evex(Form.RM, 1, 2, 0x13, 0, XYZ, Tuple.HALF, F, V, HM));
    public static final Instruction VCVTPS2PH = new Instruction(
            "vcvtps2ph",
            vex(Form.MR, 1, 3, 0x1D, 0, XY, Tuple.HALF, "f16c", HM, V, I),
            evex(Form.MR, 1, 3, 0x1D, 0, XYZ, Tuple.HALF, F, HM, V, I));
    public static final Instruction VPMOVSXBW = widen("vpmovsxbw", 0x20, Tuple.HALF, BW, HM);
    public static final Instruction VPMOVSXBD = widen("vpmovsxbd", 0x21, Tuple.QUARTER, F, QM);
    public static final Instruction VPMOVSXWD = widen("vpmovsxwd", 0x23, Tuple.HALF, F, HM);
    public static final Instruction VPMOVZXBW = widen("vpmovzxbw", 0x30, Tuple.HALF, BW, HM);
    public static final Instruction VPMOVZXBD = widen("vpmovzxbd", 0x31, Tuple.QUARTER, F, QM);
    public static final Instruction VPMOVZXWD = widen("vpmovzxwd", 0x33, Tuple.HALF, F, HM);
    public static final Instruction VBROADCASTSS = new Instruction(
            "vbroadcastss",
            vex(Form.RM, 1, 2, 0x18, 0, XY, Tuple.BYTES4, "avx2", V, XM),
            evex(Form.RM, 1, 2, 0x18, 0, XYZ, Tuple.BYTES4, F, V, XM));
    public static final Instruction VPBROADCASTB = spread("vpbroadcastb", 0x78, 0, Tuple.BYTES1, BW);
    public static final Instruction VPBROADCASTW = spread("vpbroadcastw", 0x79, 0, Tuple.BYTES2, BW);
    public static final Instruction VPBROADCASTD = spread("vpbroadcastd", 0x58, 0, Tuple.BYTES4, F);
    public static final Instruction VPBROADCASTQ = spread("vpbroadcastq", 0x59, 1, Tuple.BYTES8, F);
    public static final Instruction VBROADCASTI128 =
            new Instruction("vbroadcasti128", vex(Form.RM, 1, 2, 0x5A, 0, Y, Tuple.BYTES16, "avx2", V, M));

    public static final Instruction VPSRLW = shift("vpsrlw", 0x71, 2, 0, Tuple.WHOLE, BW);
    public static final Instruction VPSRAW = shift("vpsraw", 0x71, 4, 0, Tuple.WHOLE, BW);
    public static final Instruction VPSLLW = shift("vpsllw", 0x71, 6, 0, Tuple.WHOLE, BW);
    public static final Instruction VPSRLD = shift("vpsrld", 0x72, 2, 0, Tuple.FULL4, F);
    public static final Instruction VPSRAD = shift("vpsrad", 0x72, 4, 0, Tuple.FULL4, F);
    public static final Instruction VPSLLD = shift("vpslld", 0x72, 6, 0, Tuple.FULL4, F);
    public static final Instruction VPSRLQ = shift("vpsrlq", 0x73, 2, 1, Tuple.FULL8, F);
    public static final Instruction VPSLLQ = shift("vpsllq", 0x73, 6, 1, Tuple.FULL8, F);

    public static final Instruction VPSHUFD = new Instruction(
            "vpshufd",
            vex(Form.RM, 1, 1, 0x70, 0, XY, Tuple.WHOLE, "avx2", V, VM, I),
            evex(Form.RM, 1, 1, 0x70, 0, XYZ, Tuple.FULL4, F, V, VM, I));
    public static final Instruction VPERMQ = new Instruction(
            "vpermq",
            vex(Form.RM, 1, 3, 0x00, 1, Y, Tuple.WHOLE, "avx2", V, VM, I),
            evex(Form.RM, 1, 3, 0x00, 1, YZ, Tuple.FULL8, F, V, VM, I));
    public static final Instruction VROUNDPS =
            new Instruction("vroundps", vex(Form.RM, 1, 3, 0x08, 0, XY, Tuple.WHOLE, "avx", V, VM, I));
    public static final Instruction VSHUFPS = new Instruction(
            "vshufps",
            vex(Form.RVM, 0, 1, 0xC6, 0, XY, Tuple.WHOLE, "avx", V, V, VM, I),
            evex(Form.RVM, 0, 1, 0xC6, 0, XYZ, Tuple.FULL4, F, V, V, VM, I));
    public static final Instruction VPALIGNR = new Instruction(
            "vpalignr",
            vex(Form.RVM, 1, 3, 0x0F, 0, XY, Tuple.WHOLE, "avx2", V, V, VM, I),
            evex(Form.RVM, 1, 3, 0x0F, 0, XYZ, Tuple.WHOLE, BW, V, V, VM, I));
    public static final Instruction VPBLENDD =
            new Instruction("vpblendd", vex(Form.RVM, 1, 3, 0x02, 0, XY, Tuple.WHOLE, "avx2", V, V, VM, I));
    public static final Instruction VPERM2I128 =
            new Instruction("vperm2i128", vex(Form.RVM, 1, 3, 0x46, 0, Y, Tuple.WHOLE, "avx2", V, V, VM, I));
    public static final Instruction VPERM2F128 =
            new Instruction("vperm2f128", vex(Form.RVM, 1, 3, 0x06, 0, Y, Tuple.WHOLE, "avx", V, V, VM, I));
    public static final Instruction VINSERTI128 =
            new Instruction("vinserti128", vex(Form.RVM, 1, 3, 0x38, 0, Y, Tuple.BYTES16, "avx2", V, V, XM, I));
    public static final Instruction VINSERTF128 =
            new Instruction("vinsertf128", vex(Form.RVM, 1, 3, 0x18, 0, Y, Tuple.BYTES16, "avx", V, V, XM, I));
    public static final Instruction VEXTRACTI128 =
            new Instruction("vextracti128", vex(Form.MR, 1, 3, 0x39, 0, Y, Tuple.BYTES16, "avx2", XM, V, I));
    public static final Instruction VEXTRACTF128 =
            new Instruction("vextractf128", vex(Form.MR, 1, 3, 0x19, 0, Y, Tuple.BYTES16, "avx", XM, V, I));
    public static final Instruction VPINSRW = new Instruction(
            "vpinsrw",
            vex(Form.RVM, 1, 1, 0xC4, 0, 0, Tuple.BYTES2, "avx", X, X, RM32, I),
            evex(Form.RVM, 1, 1, 0xC4, 0, 0, Tuple.BYTES2, BW, X, X, RM32, I));
    public static final Instruction VPINSRD = new Instruction(
            "vpinsrd",
            vex(Form.RVM, 1, 3, 0x22, 0, 0, Tuple.BYTES4, "avx", X, X, RM32, I),
            evex(Form.RVM, 1, 3, 0x22, 0, 0, Tuple.BYTES4, DQ, X, X, RM32, I));

    /** Lanes whose mask has its sign bit: the others become zero, or are not written; their memory is not touched. */
    public static final Instruction VMASKMOVPS = new Instruction(
            "vmaskmovps",
            vex(Form.RVM, 1, 2, 0x2C, 0, XY, Tuple.WHOLE, "avx", V, V, M),
            vex(Form.MVR, 1, 2, 0x2E, 0, XY, Tuple.WHOLE, "avx", M, V, V));

    /** All ones where the comparison holds; {@link Avx512#VCMPPS} writes a mask register instead. */
    public static final Instruction VCMPPS =
            new Instruction("vcmpps", vex(Form.RVM, 0, 1, 0xC2, 0, XY, Tuple.WHOLE, "avx", V, V, VM, I));

    /** Clears the upper halves, without which later SSE code is slow. Last in every function that used a wide register. */
    public static final Instruction VZEROUPPER = new Instruction(
            "vzeroupper", new Row(Form.NONE, List.of(), 0, 1, 0x77, -1, 0, Encoding.vex(0, 0, Tuple.WHOLE, "avx")));

    private Vectors() {}

    static Row vex(Form form, int prefix, int map, int opcode, int w, int widths, Tuple t, String feature, Slot... s) {
        int imm = s[s.length - 1] == I ? 1 : 0;
        return new Row(form, List.of(s), prefix, map, opcode, -1, imm, Encoding.vex(w, widths, t, feature));
    }

    static Row evex(Form form, int prefix, int map, int opcode, int w, int widths, Tuple t, String feature, Slot... s) {
        int imm = s[s.length - 1] == I ? 1 : 0;
        return new Row(form, List.of(s), prefix, map, opcode, -1, imm, Encoding.evex(w, widths, t, feature));
    }

    private static Instruction floats(String name, int opcode, String wide) {
        return new Instruction(
                name,
                vex(Form.RVM, 0, 1, opcode, 0, XY, Tuple.WHOLE, "avx", V, V, VM),
                evex(Form.RVM, 0, 1, opcode, 0, XYZ, Tuple.FULL4, wide, V, V, VM));
    }

    private static Instruction ints(String name, int map, int opcode, int w, Tuple tuple, String wide) {
        return new Instruction(
                name,
                vex(Form.RVM, 1, map, opcode, 0, XY, Tuple.WHOLE, "avx2", V, V, VM),
                evex(Form.RVM, 1, map, opcode, w, XYZ, tuple, wide, V, V, VM));
    }

    private static Instruction old(String name, int map, int opcode) {
        return new Instruction(name, vex(Form.RVM, 1, map, opcode, 0, XY, Tuple.WHOLE, "avx2", V, V, VM));
    }

    private static Instruction fused(String name, int opcode) {
        return new Instruction(
                name,
                vex(Form.RVM, 1, 2, opcode, 0, XY, Tuple.WHOLE, "fma", V, V, VM),
                evex(Form.RVM, 1, 2, opcode, 0, XYZ, Tuple.FULL4, F, V, V, VM));
    }

    private static Instruction scalar(String name, int opcode) {
        return new Instruction(
                name,
                vex(Form.RVM, 2, 1, opcode, 0, 0, Tuple.BYTES4, "avx", X, X, XM),
                evex(Form.RVM, 2, 1, opcode, 0, 0, Tuple.BYTES4, F, X, X, XM));
    }

    private static Instruction move(String name, int prefix, int load, int store) {
        return new Instruction(
                name,
                vex(Form.RM, prefix, 1, load, 0, XY, Tuple.WHOLE, "avx", V, VM),
                vex(Form.MR, prefix, 1, store, 0, XY, Tuple.WHOLE, "avx", M, V),
                evex(Form.RM, prefix, 1, load, 0, XYZ, Tuple.WHOLE, F, V, VM),
                evex(Form.MR, prefix, 1, store, 0, XYZ, Tuple.WHOLE, F, M, V));
    }

    private static Instruction unary(
            String name, int prefix, int map, int opcode, String narrow, Tuple tuple, String wide) {
        return new Instruction(
                name,
                vex(Form.RM, prefix, map, opcode, 0, XY, Tuple.WHOLE, narrow, V, VM),
                evex(Form.RM, prefix, map, opcode, 0, XYZ, tuple, wide, V, VM));
    }

    private static Instruction widen(String name, int opcode, Tuple tuple, String wide, Slot from) {
        return new Instruction(
                name,
                vex(Form.RM, 1, 2, opcode, 0, XY, tuple, "avx2", V, from),
                evex(Form.RM, 1, 2, opcode, 0, XYZ, tuple, wide, V, from));
    }

    private static Instruction spread(String name, int opcode, int w, Tuple tuple, String wide) {
        return new Instruction(
                name,
                vex(Form.RM, 1, 2, opcode, 0, XY, tuple, "avx2", V, XM),
                evex(Form.RM, 1, 2, opcode, w, XYZ, tuple, wide, V, XM));
    }

    /** By a constant; the AVX-512 form can take its source from memory. */
    private static Instruction shift(String name, int opcode, int digit, int w, Tuple tuple, String wide) {
        Encoding narrow = Encoding.vex(0, XY, Tuple.WHOLE, "avx2");
        return new Instruction(
                name,
                new Row(Form.VM, List.of(V, V, I), 1, 1, opcode, digit, 1, narrow),
                new Row(Form.VM, List.of(V, VM, I), 1, 1, opcode, digit, 1, Encoding.evex(w, XYZ, tuple, wide)));
    }
}
