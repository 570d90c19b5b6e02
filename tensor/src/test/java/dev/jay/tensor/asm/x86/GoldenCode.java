// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm.x86;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * Instructions over many operands, as text and as what GNU as makes of it. The bytes are in {@code golden.txt.gz} (lines
 * of hex, tab, text); {@link #main} writes that file anew and needs {@code as} and {@code objcopy} of GNU binutils 2.40:
 * {@code java -cp tensor/target/test-classes:tensor/target/classes dev.jay.tensor.asm.x86.GoldenCode
 * tensor/src/test/resources/dev/jay/tensor/asm/x86/golden.txt.gz}.
 */
final class GoldenCode {
    /** One instruction with operands. */
    record Case(Instruction instruction, List<Operand> operands, String text) {
        Operand[] array() {
            return operands.toArray(Operand[]::new);
        }
    }

    private static final String RESOURCE = "golden.txt.gz";
    private static final List<Class<?>> TABLES = List.of(Integers.class, Vectors.class, Avx512.class, Amx.class);
    private static final int[] UNITS = {0, 1, 127, -128, 128};
    private static final int[] ODD = {8, -128, 128, 0x12345678};

    private final List<Case> cases = new ArrayList<>();
    private int turn;

    private GoldenCode() {}

    static List<Instruction> instructions() {
        List<Instruction> all = new ArrayList<>();
        for (Class<?> table : TABLES) {
            for (Field f : table.getDeclaredFields()) {
                if (f.getType() != Instruction.class || !Modifier.isPublic(f.getModifiers())) continue;
                try {
                    all.add((Instruction) f.get(null));
                } catch (IllegalAccessException e) {
                    throw new IllegalStateException("reading " + f, e);
                }
            }
        }
        return all;
    }

    static List<Case> cases() {
        GoldenCode g = new GoldenCode();
        for (Instruction i : instructions()) for (Row row : i.rows()) g.add(i, row);
        return g.cases;
    }

    /** Lines of hex, tab, text. */
    static List<String> golden() {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(
                new GZIPInputStream(GoldenCode.class.getResourceAsStream(RESOURCE)), StandardCharsets.US_ASCII))) {
            return in.lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException("reading " + RESOURCE, e);
        }
    }

    private void add(Instruction i, Row row) {
        Encoding e = row.encoding();
        if (e.widths() == 0) add(i, row, 0);
        for (int bits = 128; bits <= 512; bits *= 2) if ((e.widths() & bits) != 0) add(i, row, bits);
    }

    private void add(Instruction i, Row row, int bits) {
        int memoryAt = -1;
        for (int s = 0; s < row.slots().size(); s++) if (row.slots().get(s).takesMemory()) memoryAt = s;
        boolean memoryOnly = memoryAt >= 0 && row.slots().get(memoryAt) == Slot.M;
        int plain = row.slots().isEmpty() ? 1 : row.encoding().scheme() == Encoding.Scheme.EVEX ? 4 : 3;
        for (int n = 0; n < (memoryOnly ? 0 : plain); n++) add(i, row, bits, -1, null);
        if (memoryAt < 0) return;
        if (i.mnemonic().startsWith("tile")) {
            for (int disp : ODD) add(i, row, bits, memoryAt, new Mem(gpr(), index(), scale(), disp, false, 0, null));
            return;
        }
        int unit = row.encoding().tuple().bytes(bits, false);
        for (int u : UNITS) add(i, row, bits, memoryAt, Mem.mem(gpr(), u * unit));
        for (int disp : ODD) add(i, row, bits, memoryAt, Mem.mem(gpr(), index(), scale(), disp));
        int element = row.encoding().tuple().element;
        if (element == 0 || row.encoding().scheme() != Encoding.Scheme.EVEX) return;
        for (int u : UNITS)
            add(i, row, bits, memoryAt, Mem.mem(gpr(), u * element).each());
        for (int disp : ODD)
            add(i, row, bits, memoryAt, Mem.mem(gpr(), index(), scale(), disp).each());
    }

    private void add(Instruction i, Row row, int bits, int memoryAt, Mem memory) {
        List<Operand> operands = new ArrayList<>();
        List<String> text = new ArrayList<>();
        boolean evex = row.encoding().scheme() == Encoding.Scheme.EVEX;
        for (int s = 0; s < row.slots().size(); s++) {
            Operand o = s == memoryAt ? memory : operand(row, row.slots().get(s), bits);
            // masks stand at the destination
            boolean maskable = evex && s == 0 && bits != 0 && turn % 3 == 0;
            if (maskable && o instanceof Reg r && r.isVector()) {
                o = turn % 2 == 0 ? r.mask(Reg.k(1 + turn % 7)) : r.zero(Reg.k(1 + turn % 7));
            } else if (maskable && o instanceof Mem m) {
                o = m.mask(Reg.k(1 + turn % 7));
            }
            operands.add(o);
            boolean bare = i.mnemonic().matches("tile.*|lea|vpexpandd"); // as has its own idea of how much these touch
            text.add(o instanceof Mem m ? text(m, bare ? 0 : touched(row, m, bits), bits) : o.toString());
        }
        // as would turn a move from a high register around, for a shorter prefix
        boolean move = row.form() == Form.RM && memoryAt < 0 && i.mnemonic().matches("vmov(ups|aps|dqu|dqa)");
        cases.add(new Case(i, operands, (move ? "{load} " : "") + i.mnemonic() + " " + String.join(", ", text)));
    }

    private static int touched(Row row, Mem m, int bits) {
        if (row.encoding().tuple() == Tuple.WHOLE && bits == 0) return 0;
        return row.encoding().tuple().bytes(bits, m.broadcast());
    }

    private static String text(Mem m, int bytes, int bits) {
        String size = switch (m.broadcast() ? 0 : bytes) {
            case 1 -> "byte ptr ";
            case 2 -> "word ptr ";
            case 4 -> "dword ptr ";
            case 8 -> "qword ptr ";
            case 16 -> "xmmword ptr ";
            case 32 -> "ymmword ptr ";
            case 64 -> "zmmword ptr ";
            default -> "";
        };
        return size + m + (m.broadcast() ? "{1to" + bits / 8 / bytes + "}" : "");
    }

    private Operand operand(Row row, Slot slot, int bits) {
        boolean evex = row.encoding().scheme() == Encoding.Scheme.EVEX;
        int number = next() % (evex ? 32 : 16);
        return switch (slot) {
            case V, VM -> vector(bits, number);
            case H, HM -> vector(Math.max(128, bits / 2), number);
            case Q, QM -> vector(Math.max(128, bits / 4), number);
            case X, XM -> Reg.xmm(number);
            case R32, RM32 -> Reg.gpr64(number % 16).low32();
            case R64, RM64 -> Reg.gpr64(number % 16);
            case K -> Reg.k(number % 8);
            case T -> Reg.tmm(turn % 8);
            case EAX -> Reg.RAX.low32();
            case RAX -> Reg.RAX;
            case ONE -> Imm.imm(1);
            case I -> constant(row, row.immBytes() == 1 ? new long[] {2, 7, 63, 127} : new long[] {0, 77, 0x7FFFFFFF});
            case S -> constant(row, new long[] {2, -1, 127, -128});
            case M -> throw new IllegalStateException("memory is given");
        };
    }

    private Imm constant(Row row, long[] narrow) {
        long[] wide = {0x12345678, 128, -129, 0x7FFFFFFF};
        if (row.immBytes() == 8) return Imm.imm(0x123456789ABCDEFL + next());
        long[] from = row.immBytes() == 1 ? narrow : wide;
        return Imm.imm(from[next() % from.length]);
    }

    private static Reg vector(int bits, int number) {
        return bits == 128 ? Reg.xmm(number) : bits == 256 ? Reg.ymm(number) : Reg.zmm(number);
    }

    private int next() {
        return turn++ * 7 + turn / 5;
    }

    private Reg gpr() {
        return Reg.gpr64(next() % 16);
    }

    private Reg index() {
        int n = next() % 16;
        return Reg.gpr64(n == 4 ? 12 : n);
    }

    private int scale() {
        return 1 << next() % 4;
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        Path work = Files.createTempDirectory("golden");
        List<Case> cases = cases();
        StringBuilder source = new StringBuilder(".intel_syntax noprefix\n");
        for (Case c : cases) {
            source.append("1: ").append(c.text).append("\n2:\n.pushsection .sizes\n.byte 2b-1b\n.popsection\n");
        }
        Files.writeString(work.resolve("code.s"), source);
        run(work, "as", "-o", "code.o", "code.s");
        run(work, "objcopy", "-O", "binary", "-j", ".text", "code.o", "code.bin");
        run(
                work,
                "objcopy",
                "-O",
                "binary",
                "-j",
                ".sizes",
                "--set-section-flags",
                ".sizes=alloc",
                "code.o",
                "sizes.bin");
        byte[] code = Files.readAllBytes(work.resolve("code.bin"));
        byte[] sizes = Files.readAllBytes(work.resolve("sizes.bin"));
        try (Writer out = new java.io.OutputStreamWriter(
                new GZIPOutputStream(Files.newOutputStream(Path.of(args[0]))), StandardCharsets.US_ASCII)) {
            int at = 0;
            for (int i = 0; i < sizes.length; at += sizes[i++]) {
                out.write(HexFormat.of().formatHex(code, at, at + sizes[i]) + "\t" + cases.get(i).text + "\n");
            }
        }
    }

    private static void run(Path folder, String... command) throws IOException, InterruptedException {
        Process p = new ProcessBuilder(command)
                .directory(folder.toFile())
                .inheritIO()
                .start();
        if (p.waitFor() != 0) throw new IllegalStateException("failed: " + String.join(" ", command) + " in " + folder);
    }
}
