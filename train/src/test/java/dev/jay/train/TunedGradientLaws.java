// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.jay.model.ModelSpec;
import dev.jay.model.load.ModelFiles;
import dev.jay.model.load.WeightSource;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import dev.jay.train.block.Adapters;
import dev.jay.train.block.Batch;
import dev.jay.train.block.FrozenWeights;
import dev.jay.train.block.Parameter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Losses and adapters' gradients through frozen weights, against float64 of the decoded weights. */
class TunedGradientLaws {
    private static final Adapters.Lora ALL = new Adapters.Lora(3, 6, Set.copyOf(Adapters.SITES));

    @TempDir
    private Path folder;

    /** Adapters that matter: b is not zero. */
    private static void excite(Adapters adapters) {
        Random random = new Random(3);
        for (Parameter p : adapters.parameters().all()) {
            double size = 1 / Math.sqrt(p.cols());
            for (int i = 0; i < p.count(); i++) Floats.set(p.value(), i, (float) (size * random.nextGaussian()));
        }
    }

    private static Map<String, double[]> with(Map<String, double[]> base, Adapters adapters) {
        Map<String, double[]> all = new HashMap<>(base);
        for (Parameter p : adapters.parameters().all()) {
            double[] values = new double[(int) p.count()];
            for (int i = 0; i < values.length; i++) values[i] = Floats.get(p.value(), i);
            all.put(p.name(), values);
        }
        return all;
    }

    private interface Check {
        void run(TrainModel model, Adapters adapters, ModelSpec spec, Map<String, double[]> doubles);
    }

    private void on(
            String family, String format, Precision precision, boolean recompute, Adapters.Lora lora, Check check)
            throws IOException {
        Path path = folder.resolve(family + "-" + format + ".gguf");
        RandomFile file = RandomFile.write(path, 11, family, format);
        try (Memory memory = Memory.withBudget(256 << 20);
                Workers workers = Workers.of(2);
                KernelChoice kernels = KernelProviders.choose(Cpu.detect(), null, memory);
                CpuOps ops = new CpuOps(memory, workers, kernels, 1);
                WeightSource source = ModelFiles.open(memory, path)) {
            ModelSpec spec = FrozenWeights.specOf(source);
            Gemm gemm = ops.gemm(precision);
            TrainModel.Size size = new TrainModel.Size(2, 9, recompute);
            try (Adapters adapters = Adapters.of(spec, lora, 5, memory);
                    TrainModel model = new TrainModel(
                            new FrozenWeights(source, spec, adapters, ops, gemm),
                            adapters.parameters(),
                            ops,
                            precision,
                            size,
                            memory)) {
                check.run(model, adapters, spec, file.doubles);
            }
        }
    }

    private static Batch batch(ModelSpec spec) {
        return TrainBed.batch(2, 9, spec.vocabulary(), 2);
    }

    @Test
    void everyAdaptersGradientShouldBeTheSlopeOfTheLoss() throws IOException {
        for (String family : FrozenWeights.FAMILIES) {
            for (String format : new String[] {"f32", "q8_0", "q4_0"}) {
                on(family, format, Precision.F32, false, ALL, (model, adapters, spec, base) -> {
                    excite(adapters);
                    Batch batch = batch(spec);
                    Float64Llama definition = new Float64Llama(spec, with(base, adapters), ALL.scale());
                    double wanted = definition.loss(batch);
                    assertThat(model.addGradients(batch, 0.5f))
                            .as(family + " " + format)
                            .isCloseTo(wanted, within(2e-5 * wanted));
                    check(adapters, definition, batch, family + " " + format);
                });
            }
        }
    }

    private static void check(Adapters adapters, Float64Llama definition, Batch batch, String what) {
        Random random = new Random(4);
        for (Parameter p : adapters.parameters().all()) {
            int count = (int) p.count();
            double scale = 0;
            for (int i = 0; i < count; i++) scale = Math.max(scale, Math.abs(Floats.get(p.gradient(), i)));
            assertThat(scale).as(what + " " + p.name()).isGreaterThan(1e-3);
            for (int round = 0; round < 6; round++) {
                int i = random.nextInt(count);
                double wanted = 0.5 * definition.slope(batch, p.name(), i);
                assertThat((double) Floats.get(p.gradient(), i))
                        .as(what + " " + p.name() + "[" + i + "] of scale " + scale)
                        .isCloseTo(wanted, within(3e-4 * scale + 1e-7));
            }
        }
    }

    /** Before the first step a tuned model is the model. */
    @Test
    void newAdaptersShouldChangeNothing() throws IOException {
        for (String family : FrozenWeights.FAMILIES) {
            on(family, "q8_0", Precision.F32, false, ALL, (model, adapters, spec, base) -> {
                Batch batch = batch(spec);
                double wanted = new Float64Llama(spec, base, 0).loss(batch);
                assertThat(model.addGradients(batch, 1)).isCloseTo(wanted, within(2e-5 * wanted));
                for (Parameter p : adapters.parameters().all()) { // b is 0, so nothing reaches a
                    assertThat(isZero(p)).as(p.name()).isEqualTo(p.name().endsWith("a"));
                }
            });
        }
    }

    private static boolean isZero(Parameter p) {
        for (int i = 0; i < p.count(); i++) if (Floats.get(p.gradient(), i) != 0) return false;
        return true;
    }

    @Test
    void recomputingAndFewerSitesShouldBeTheSameArithmetic() throws IOException {
        Adapters.Lora some = new Adapters.Lora(4, 4, Set.of("attn_q", "ffn_down"));
        float[][] first = new float[2][];
        for (boolean recompute : new boolean[] {false, true}) {
            on("qwen3", "q8_0", Precision.BF16, recompute, some, (model, adapters, spec, base) -> {
                excite(adapters);
                assertThat(adapters.sites())
                        .containsExactly("blk.0.attn_q", "blk.0.ffn_down", "blk.1.attn_q", "blk.1.ffn_down");
                model.addGradients(batch(spec), 1);
                Parameter p = adapters.a("blk.0.attn_q");
                float[] got = new float[(int) p.count()];
                for (int i = 0; i < got.length; i++) got[i] = Floats.get(p.gradient(), i);
                first[recompute ? 1 : 0] = got;
            });
        }
        assertThat(first[1]).isEqualTo(first[0]);
    }

    /** To the byte: adapters of a rank below every width, and of one above. */
    @Test
    void aPassShouldTakeWhatItsPlanSays() throws IOException {
        for (String family : FrozenWeights.FAMILIES) {
            for (int rank : new int[] {3, 70}) {
                Adapters.Lora lora = new Adapters.Lora(rank, 6, Set.copyOf(Adapters.SITES));
                Path path = folder.resolve(family + rank + ".gguf");
                RandomFile.write(path, 11, family, "q8_0");
                try (Memory memory = Memory.withBudget(256 << 20);
                        Workers workers = Workers.of(1);
                        KernelChoice kernels = KernelProviders.choose(Cpu.detect(), null, memory);
                        CpuOps ops = new CpuOps(memory, workers, kernels, 1);
                        WeightSource source = ModelFiles.open(memory, path)) {
                    ModelSpec spec = FrozenWeights.specOf(source);
                    TrainModel.Size size = new TrainModel.Size(2, 9, false);
                    try (Adapters adapters = Adapters.of(spec, lora, 5, memory)) {
                        FrozenWeights frozen = new FrozenWeights(source, spec, adapters, ops, ops.gemm(Precision.BF16));
                        long planned = TrainModel.bytes(frozen, ops, Precision.BF16, size, Gemm.Room.NONE);
                        long before = memory.promised();
                        try (TrainModel model =
                                new TrainModel(frozen, adapters.parameters(), ops, Precision.BF16, size, memory)) {
                            Batch some = batch(spec);
                            model.addGradients(new Batch(9, some.tokens(), some.tokens()), 1);
                            assertThat(memory.promised() - before).as(family).isEqualTo(planned);
                        }
                    }
                }
            }
        }
    }

    @Test
    void shouldRejectWhatCannotBeTuned() {
        assertThatThrownBy(() -> new Adapters.Lora(0, 1, Set.of("attn_q"))).hasMessageContaining("rank=0");
        assertThatThrownBy(() -> new Adapters.Lora(4, 1, Set.of("lm_head")))
                .hasMessageContaining("sites=[lm_head], allowed: some of " + List.copyOf(Adapters.SITES));
    }
}
