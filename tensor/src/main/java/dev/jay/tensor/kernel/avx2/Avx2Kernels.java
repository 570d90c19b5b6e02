// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

import dev.jay.tensor.Catalog;
import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.kernel.AttentionKernel;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.KernelProvider;
import dev.jay.tensor.kernel.Kernels;
import dev.jay.tensor.kernel.MatMulKernel;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.RowKernels;
import dev.jay.tensor.kernel.machine.FloatMatMul;
import dev.jay.tensor.kernel.machine.MachineAttention;
import dev.jay.tensor.kernel.machine.MachineRows;
import dev.jay.tensor.kernel.machine.X86Provider;
import dev.jay.tensor.memory.HugePages;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Kernels in machine code for CPUs with AVX2 and without AVX-512: every x86-64 of the last ten years. Float weights are
 * multiplied in float32, quantised ones by activations in {@link ByteForm}, in EXACT and FAST alike. Where the CPU has
 * AVX-VNNI, products of bytes are made by its instruction.
 */
public final class Avx2Kernels extends X86Provider {
    public static final Catalog.Entry<KernelProvider> ENTRY = new Catalog.Entry<>(
            "avx2", "machine code for AVX2, with AVX-VNNI where the CPU has it", a -> new Avx2Kernels());

    private static final Set<String> NEEDED = Set.of("avx", "avx2", "fma", "f16c", "bmi2");
    private static final long CODE_BYTES = 512 * 1024; // every format, and attention of a dozen shapes
    private static final int MOST_WIDTH = 1024; // of a key or a value: code grows with it

    Avx2Kernels() {
        super("avx2", NEEDED, CODE_BYTES);
    }

    @Override
    protected Set<String> features(Cpu cpu) {
        Set<String> features = new HashSet<>(NEEDED);
        if (cpu.has(Dots.VNNI)) features.add(Dots.VNNI);
        return features;
    }

    @Override
    protected Kernels bind(Cpu cpu, MachineCode code, HugePages pages) {
        return new Bound(code, features(cpu));
    }

    private static final class Bound implements Kernels {
        private final MachineCode code;
        private final Set<String> features;
        private final ByteForm form;
        private final Map<String, MatMulKernel> made = new HashMap<>();
        private final Map<String, AttentionKernel> attentions = new HashMap<>();
        private MachineCode.Function finish;
        private RowKernels rows;

        Bound(MachineCode code, Set<String> features) {
            this.code = code;
            this.features = features;
            this.form = new ByteForm(code.load("pack-bytes", PackCode.build(features)));
        }

        @Override
        public String name() {
            return "avx2";
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
            return switch (format) {
                case "q8_0" ->
                    Optional.of(int8(format, new GroupQ8_0(Dots.of(features).hasVnni())));
                case "q4_0" -> Optional.of(int8(format, new GroupQ4_0()));
                case "q4_k" -> Optional.of(int8(format, new GroupQ4_K(false)));
                case "q5_k" -> Optional.of(int8(format, new GroupQ4_K(true)));
                case "q6_k" -> Optional.of(int8(format, new GroupQ6_K()));
                case "f32" -> Optional.of(floats(FloatLoad.F32));
                case "f16" -> Optional.of(floats(FloatLoad.F16));
                case "bf16" -> Optional.of(floats(FloatLoad.BF16));
                default -> Optional.empty();
            };
        }

        private MatMulKernel floats(FloatLoad format) {
            int rows = FloatMatMul.ROWS;
            int tokens = FloatCode.MOST_TOKENS;
            return new FloatMatMul(new FloatMatMul.Code(
                    floats(format, 1, 1),
                    floats(format, 1, tokens),
                    floats(format, rows, 1),
                    floats(format, rows, tokens),
                    8,
                    tokens));
        }

        private MachineCode.Function floats(FloatLoad format, int rows, int tokens) {
            String name = "multiply-" + format + "-" + rows + "x" + tokens;
            return code.load(name, FloatCode.build(format, rows, tokens, features));
        }

        private MatMulKernel int8(String format, Group group) {
            MachineCode.Function[] multiply = new MachineCode.Function[Int8MatMul.TOKENS.length];
            for (int i = 0; i < multiply.length; i++) {
                int tokens = Int8MatMul.TOKENS[i];
                multiply[i] = code.load("multiply-" + format + "-" + tokens, GemmCode.build(group, tokens, features));
            }
            return new Int8MatMul(
                    form,
                    new Int8MatMul.Code(
                            group,
                            code.load("decode-" + format, GemvCode.build(group, features)),
                            code.load("panel-" + format, PanelCode.build(group, features)),
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
            if (finish == null) finish = code.load("finish-attention", FinishCode.build(features));
            return new MachineAttention(
                    code.load(name, AttentionCode.build(keys, values, keyWidth, valueWidth, features)),
                    finish,
                    8,
                    true,
                    false);
        }

        @Override
        public synchronized Optional<RowKernels> rows() {
            if (rows == null) rows = new MachineRows(code, RowCode.all(features));
            return Optional.of(rows);
        }

        @Override
        public void close() {
            code.close();
        }
    }
}
