// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.Catalog;
import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.asm.x86.AmxPermission;
import dev.jay.tensor.format.GroupFormat;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.kernel.AttentionKernel;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.GemmKernel;
import dev.jay.tensor.kernel.GradientKernels;
import dev.jay.tensor.kernel.KernelProvider;
import dev.jay.tensor.kernel.Kernels;
import dev.jay.tensor.kernel.MatMulKernel;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.kernel.RowKernels;
import dev.jay.tensor.kernel.TurnKernel;
import dev.jay.tensor.kernel.UnpackKernel;
import dev.jay.tensor.memory.HugePages;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Kernels in machine code for CPUs with AVX-512 and VNNI: products, the small operations, attention. Float weights are
 * multiplied in float32. Quantised weights are multiplied by activations in {@link Int8Form}, in EXACT and FAST alike:
 * EXACT means the same bits for the same rows, not float activations. Where the CPU has tiles of bytes they give the same
 * integers for many rows. Code is assembled when it is first asked for.
 */
public final class MachineKernels extends X86Provider {
    public static final Catalog.Entry<KernelProvider> ENTRY =
            new Catalog.Entry<>("avx512-vnni", "machine code for AVX-512 with VNNI", a -> new MachineKernels());

    static final Set<String> NEEDED =
            Set.of("avx", "avx2", "fma", "f16c", "bmi2", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni");
    private static final long CODE_BYTES = 512 * 1024; // every format, and attention of a dozen shapes
    private static final int MOST_WIDTH = 1024; // of a key or a value: code grows with it

    MachineKernels() {
        super("avx512-vnni", NEEDED, CODE_BYTES);
    }

    /** Those of tiles too where the CPU has them and the system lends them. */
    @Override
    protected Set<String> features(Cpu cpu) {
        Set<String> features = new TreeSet<>(NEEDED);
        for (Set<String> more : List.of(TileProducts.NEEDED, Bf16Gemm.NEEDED)) {
            if (cpu.features().containsAll(more) && AmxPermission.request()) features.addAll(more);
        }
        return features;
    }

    @Override
    protected Kernels bind(Cpu cpu, MachineCode code, HugePages pages) {
        return new Bound(code, cpu, pages);
    }

    private final class Bound implements Kernels {
        private final MachineCode code;
        private final HugePages pages;
        private final Int8Form form;
        private final Map<String, MatMulKernel> made = new HashMap<>();
        private final Map<String, AttentionKernel> attentions = new HashMap<>();
        private final Map<GroupFormat, UnpackKernel> unpackers = new HashMap<>();
        private final Map<String, TurnKernel> turns = new HashMap<>();
        private final Map<Precision, GemmKernel> gemms = new EnumMap<>(Precision.class);
        private final Set<String> features;
        private MachineCode.Function finish;
        private RowKernels rows;
        private GradientKernels gradients;

        Bound(MachineCode code, Cpu cpu, HugePages pages) {
            this.code = code;
            this.pages = pages;
            this.features = features(cpu);
            this.form = new Int8Form(
                    code.load("pack-int8", PackCode.build(NEEDED)), code.load("split-int8", SplitCode.build(NEEDED)));
        }

        @Override
        public String name() {
            return MachineKernels.this.name();
        }

        @Override
        public synchronized Optional<MatMulKernel> matMul(WeightFormat format, Numerics numerics) {
            MatMulKernel there = made.get(format.name());
            if (there != null) return Optional.of(there);
            Optional<MatMulKernel> kernel = make(format.name());
            kernel.ifPresent(k -> made.put(format.name(), k));
            return kernel;
        }

        private Optional<MatMulKernel> make(String format) {
            int added = features.containsAll(TileProducts.NEEDED) ? 0 : Panel.UNSIGNED;
            return switch (format) {
                case "q8_0" -> Optional.of(int8(format, new GroupQ8_0(), new PanelQ8_0(added)));
                case "q4_0" -> Optional.of(int8(format, new GroupQ4_0(), new PanelQ4_0(added)));
                case "q4_k" -> Optional.of(int8(format, new GroupQ4_K(), new PanelQ4_K(added)));
                case "q5_k" -> Optional.of(int8(format, new GroupQ5_K(), new PanelQ5_K(added)));
                case "q6_k" -> Optional.of(int8(format, new GroupQ6_K(), new PanelQ6_K()));
                case "f32" -> Optional.of(floats(FloatLoad.F32));
                case "f16" -> Optional.of(floats(FloatLoad.F16));
                case "bf16" -> Optional.of(floats(FloatLoad.BF16));
                default -> Optional.empty();
            };
        }

        private MatMulKernel floats(FloatLoad format) {
            return new FloatMatMul(new FloatMatMul.Code(
                    floats(format, 1, 1), floats(format, 1, 4), floats(format, 4, 1), floats(format, 4, 4), 16, 4));
        }

        private MachineCode.Function floats(FloatLoad format, int rows, int tokens) {
            String name = "multiply-" + format + "-" + rows + "x" + tokens;
            return code.load(name, FloatCode.build(format, rows, tokens, NEEDED));
        }

        private MatMulKernel int8(String format, Group group, Panel panel) {
            boolean tiles = TileProducts.serve(panel, features);
            List<Int8MatMul.Multiply> multiply = new ArrayList<>();
            int most = tiles ? TileProducts.MOST_TOKENS : VnniProducts.MOST_TOKENS;
            int fewest = tiles ? TileProducts.FEWEST_TOKENS : 1;
            for (int tokens = most; tokens >= fewest; tokens /= 2) {
                String name = "multiply-" + format + "-" + tokens;
                int least = !tiles ? tokens : tokens > fewest ? tokens / 2 + 1 : 1;
                multiply.add(new Int8MatMul.Multiply(
                        least, tokens, code.load(name, GemmCode.build(panel, tokens, features))));
            }
            return new Int8MatMul(
                    form,
                    pages,
                    new Int8MatMul.Code(
                            group,
                            panel,
                            code.load("decode-" + format, GemvCode.build(group, false, NEEDED)),
                            code.load("decode-few-" + format, GemvCode.build(group, true, NEEDED)),
                            code.load("panel-" + format, PanelCode.build(panel, NEEDED)),
                            multiply));
        }

        @Override
        public synchronized Optional<AttentionKernel> attention(
                WeightFormat keys, WeightFormat values, int keyWidth, int valueWidth, Numerics numerics) {
            Optional<KvLoad> k = KvLoad.of(keys.name());
            Optional<KvLoad> v = KvLoad.of(values.name());
            if (k.isEmpty() || v.isEmpty() || Math.max(keyWidth, valueWidth) > MOST_WIDTH) return Optional.empty();
            String name = "attend-" + keys.name() + "-" + values.name() + "-" + keyWidth + "x" + valueWidth;
            return Optional.of(
                    attentions.computeIfAbsent(name, n -> attention(n, k.get(), v.get(), keyWidth, valueWidth)));
        }

        private AttentionKernel attention(String name, KvLoad keys, KvLoad values, int keyWidth, int valueWidth) {
            if (finish == null) finish = code.load("finish-attention", FinishCode.build(NEEDED));
            return new MachineAttention(
                    code.load(name, AttentionCode.build(keys, values, keyWidth, valueWidth, NEEDED)),
                    finish,
                    16,
                    false,
                    keys == KvLoad.F32 && values == KvLoad.F32);
        }

        @Override
        public synchronized Optional<TurnKernel> turns(TurnKernel.Shape shape) {
            return MachineTurns.load(code, shape, "f32", turns, NEEDED);
        }

        /** To f32. */
        @Override
        public synchronized Optional<UnpackKernel> unpack(GroupFormat format, WeightFormat to) {
            if (!to.name().equals("f32")) return Optional.empty();
            return GroupsCode.load(code, format, false, unpackers, NEEDED);
        }

        @Override
        public synchronized Optional<RowKernels> rows() {
            if (rows == null) rows = new MachineRows(code, RowCode.all(NEEDED));
            return Optional.of(rows);
        }

        @Override
        public synchronized Optional<GradientKernels> gradients() {
            if (gradients == null) gradients = new MachineGradients(code, NEEDED);
            return Optional.of(gradients);
        }

        /** In bf16 where the CPU has tiles and lends them; else f32 is the fastest there is. */
        @Override
        public synchronized Optional<GemmKernel> gemm(Precision precision) {
            boolean tiles = precision == Precision.BF16 && features.containsAll(Bf16Gemm.NEEDED);
            Precision served = tiles ? Precision.BF16 : Precision.F32;
            return Optional.of(gemms.computeIfAbsent(
                    served, p -> tiles ? new Bf16Gemm(code, features) : new F32Gemm(code, NEEDED)));
        }

        @Override
        public void close() {
            code.close();
        }
    }
}
