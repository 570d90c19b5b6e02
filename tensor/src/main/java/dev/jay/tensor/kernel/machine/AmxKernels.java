// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.Catalog;
import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.asm.x86.AmxPermission;
import dev.jay.tensor.format.GroupFormat;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.kernel.AttentionKernel;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.KernelProvider;
import dev.jay.tensor.kernel.Kernels;
import dev.jay.tensor.kernel.MatMulKernel;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.RowKernels;
import dev.jay.tensor.kernel.TurnKernel;
import dev.jay.tensor.kernel.UnpackKernel;
import dev.jay.tensor.memory.HugePages;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Matrix products of many rows and attention by tiles (AMX); all else is left to {@link MachineKernels}. FAST: weights,
 * activations, keys and values are rounded to bf16. Float32 weights and rows stay float32, and so are left to it too.
 */
public final class AmxKernels extends X86Provider {
    public static final Catalog.Entry<KernelProvider> ENTRY = new Catalog.Entry<>(
            "amx", "machine code for AMX: products of many rows, and attention, in bf16", a -> new AmxKernels());

    private static final long CODE_BYTES = 640 * 1024; // every format, and attention of some shapes
    private static final int MOST_WIDTH = 1024; // of a key or a value: code grows with it

    static final Set<String> NEEDED = all(MachineKernels.NEEDED, Tiles.FEATURES);

    AmxKernels() {
        super("amx", NEEDED, CODE_BYTES);
    }

    private static Set<String> all(Set<String> some, Set<String> more) {
        Set<String> all = new HashSet<>(some);
        all.addAll(more);
        return Set.copyOf(all);
    }

    @Override
    public Optional<String> unavailable(Cpu cpu) {
        return super.unavailable(cpu)
                .or(() -> AmxPermission.request()
                        ? Optional.empty()
                        : Optional.of("the system does not let this process use tiles"));
    }

    @Override
    protected Kernels bind(Cpu cpu, MachineCode code, HugePages pages) {
        return new Bound(code);
    }

    /** The formats it has code for. */
    private static Optional<Unpack> weights(String format) {
        return switch (format) {
            case "q8_0" -> Optional.of(new UnpackQ8_0());
            case "q4_0" -> Optional.of(new UnpackQ4_0());
            case "q4_k" -> Optional.of(new UnpackQ4_K());
            case "q5_k" -> Optional.of(new UnpackQ5_K());
            case "q6_k" -> Optional.of(new UnpackQ6_K());
            case "q4_1" -> Optional.of(UnpackNibbles.q4_1());
            case "q5_0" -> Optional.of(UnpackNibbles.q5_0());
            case "q5_1" -> Optional.of(UnpackNibbles.q5_1());
            case "iq4_nl" -> Optional.of(UnpackNibbles.iq4_nl());
            case "mxfp4" -> Optional.of(UnpackNibbles.mxfp4());
            case "iq4_xs" -> Optional.of(new UnpackIQ4_XS());
            case "q2_k" -> Optional.of(new UnpackQ2_K());
            case "q3_k" -> Optional.of(new UnpackQ3_K());
            case "f16" -> Optional.of(new UnpackFloats(FloatLoad.F16));
            case "bf16" -> Optional.of(new UnpackFloats(FloatLoad.BF16));
            default -> Optional.empty();
        };
    }

    private static final class Bound implements Kernels {
        private final MachineCode code;
        private final Bf16Form form;
        private final MachineCode.Function two;
        private final MachineCode.Function one;
        private final MachineCode.Function turn;
        private final Map<String, MatMulKernel> made = new HashMap<>();
        private final Map<String, AttentionKernel> attentions = new HashMap<>();
        private final Map<GroupFormat, UnpackKernel> unpackers = new HashMap<>();
        private final Map<String, TurnKernel> turns = new HashMap<>();

        Bound(MachineCode code) {
            this.code = code;
            this.form = new Bf16Form(code.load("pack-bf16", Bf16PackCode.build(NEEDED)));
            this.two = code.load("multiply-bf16-32x32", Bf16TileCode.build(2, NEEDED));
            this.one = code.load("multiply-bf16-32x16", Bf16TileCode.build(1, NEEDED));
            this.turn = code.load("turn-sums", Bf16TurnCode.build(NEEDED));
        }

        @Override
        public String name() {
            return "amx";
        }

        @Override
        public synchronized Optional<MatMulKernel> matMul(WeightFormat format, Numerics numerics) {
            if (numerics == Numerics.EXACT) return Optional.empty();
            return weights(format.name())
                    .map(unpack -> made.computeIfAbsent(format.name(), name -> make(name, unpack)));
        }

        private MatMulKernel make(String format, Unpack unpack) {
            MachineCode.Function function = code.load("unpack-" + format, UnpackCode.build(unpack, NEEDED));
            return new Bf16MatMul(form, new Bf16MatMul.Code(unpack, function, two, one, turn));
        }

        @Override
        public Optional<AttentionKernel> attention(
                WeightFormat keys, WeightFormat values, int keyWidth, int valueWidth, Numerics numerics) {
            Optional<KvLoad> k = KvLoad.of(keys.name()).filter(load -> load != KvLoad.F32);
            Optional<KvLoad> v = KvLoad.of(values.name()).filter(load -> load != KvLoad.F32);
            boolean fits = Math.max(keyWidth, valueWidth) <= MOST_WIDTH;
            if (numerics == Numerics.EXACT || k.isEmpty() || v.isEmpty() || !fits) return Optional.empty();
            String name = keys.name() + "-" + values.name() + "-" + keyWidth + "x" + valueWidth;
            AmxLayout layout = new AmxLayout(keyWidth, valueWidth, Math.toIntExact(values.bytesFor(valueWidth)));
            return Optional.of(attentions.computeIfAbsent(name, n -> attention(n, k.get(), v.get(), layout)));
        }

        private AttentionKernel attention(String name, KvLoad keys, KvLoad values, AmxLayout layout) {
            FewLayout few = new FewLayout(layout.keyWidth(), layout.valueWidth());
            return new AmxAttention(
                    FewAttention.load(code, name, keys, values, few, NEEDED),
                    new AmxAttention.Code(
                            code.load("attend-begin-" + name, AmxEnds.begin(layout, NEEDED)),
                            code.load("attend-" + name, AmxAttentionCode.build(keys, values, layout, NEEDED)),
                            code.load("attend-end-" + name, AmxEnds.finish(layout, NEEDED))),
                    layout);
        }

        @Override
        public synchronized Optional<TurnKernel> turns(TurnKernel.Shape shape) {
            return MachineTurns.load(code, shape, "bf16", turns, NEEDED);
        }

        /** To bf16, which its attention wants. */
        @Override
        public synchronized Optional<UnpackKernel> unpack(GroupFormat format, WeightFormat to) {
            if (!to.name().equals("bf16")) return Optional.empty();
            return GroupsCode.load(code, format, true, unpackers, NEEDED);
        }

        @Override
        public Optional<RowKernels> rows() {
            return Optional.empty();
        }

        @Override
        public void close() {
            code.close();
        }
    }
}
