// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.kv.AttentionBatch.Span;
import dev.jay.kv.KvCache;
import dev.jay.model.Adapter;
import dev.jay.model.Pass;
import dev.jay.model.block.LoraAdapter;
import dev.jay.model.load.AdapterSet;
import dev.jay.model.load.AdapterWriter;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Metadata;
import dev.jay.model.load.WeightSource;
import dev.jay.model.load.Weights;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.Matrix;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.MappedFile;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Held for every decoder: adapters beside every matrix that they may stand beside, from files of both kinds, give what the
 * model gives with their products added to its weights.
 */
public class AdapterLaws {
    private static final long SEED = 77;
    private static final int RANK = 3;
    private static final double ALPHA = 6;
    private static final int[] TOKENS = {5, 60, 7, 90, 9, 33, 2};
    private static final double FLOAT = 1e-4;

    @TempDir
    private Path folder;

    /** Architectures, or one and something in brackets. */
    public static List<String> families() {
        return TestFamily.decoders();
    }

    /** A model's matrices, by their shapes alone. */
    private record Shapes(RandomModel model) implements WeightSource {
        @Override
        public Metadata metadata() {
            return model.metadata();
        }

        @Override
        public Collection<Entry> entries() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Entry find(String name) {
            if (!model.has(name)) return null;
            Matrix m = model.matrix(Weights.ROOT, name);
            return new Entry(name, List.of((long) m.cols(), (long) m.rows()), 0, "F32", MemorySegment.NULL);
        }

        @Override
        public List<MappedFile> files() {
            return List.of();
        }

        @Override
        public void check() {}

        @Override
        public void close() {}
    }

    private static AdapterSet.Pair pair(String site, Matrix beside, Random random) {
        int rows = beside.rows();
        int cols = beside.cols();
        MemorySegment a = Arena.ofAuto().allocate(4L * RANK * cols);
        MemorySegment b = Arena.ofAuto().allocate(4L * rows * RANK);
        for (int i = 0; i < RANK * cols; i++) Floats.set(a, i, (float) (random.nextGaussian() / Math.sqrt(cols)));
        for (int i = 0; i < rows * RANK; i++) Floats.set(b, i, (float) (0.2 * random.nextGaussian()));
        return new AdapterSet.Pair(site, RANK, rows, cols, a, b);
    }

    private static List<AdapterSet.Pair> pairs(RandomModel model) {
        Random random = new Random(SEED);
        List<AdapterSet.Pair> pairs = new ArrayList<>();
        for (int l = 0; l < model.family.layers; l++) {
            for (String name : AdapterSet.SITES.keySet()) {
                String site = "blk." + l + "." + name;
                if (model.has(site + ".weight")) pairs.add(pair(site, model.matrix(l, site + ".weight"), random));
            }
        }
        return pairs;
    }

    private static void merge(RandomModel model, List<AdapterSet.Pair> pairs) {
        model.hold(Weights.ROOT);
        for (AdapterSet.Pair p : pairs) {
            MemorySegment w = model.matrix(Weights.ROOT, p.site() + ".weight").bytes();
            for (int r = 0; r < p.rows(); r++) {
                for (int c = 0; c < p.cols(); c++) {
                    double sum = 0;
                    for (int k = 0; k < RANK; k++) {
                        sum += (double) Floats.get(p.b(), (long) r * RANK + k)
                                * Floats.get(p.a(), (long) k * p.cols() + c);
                    }
                    long at = (long) r * p.cols() + c;
                    Floats.set(w, at, (float) (Floats.get(w, at) + ALPHA / RANK * sum));
                }
            }
        }
        model.release(Weights.ROOT);
    }

    /** Of every token. */
    private static float[] logits(Machine machine, ModelTrial trial, Adapter adapter) {
        int n = TOKENS.length;
        try (KvCache cache = trial.newCache();
                Region region = machine.memory.reserve("scratch", trial.transformer.scratchBytes(n, n))) {
            Pass pass = Pass.of(
                    TOKENS,
                    List.of(new Span(cache, 0, n, 0)),
                    IntStream.range(0, n).toArray(),
                    Numerics.EXACT,
                    new Scratch(region.bytes()));
            return trial.transformer.run(pass.withAdapters(List.of(adapter))).toArray(Floats.LAYOUT);
        }
    }

    private static double worst(float[] got, float[] wanted) {
        double worst = 0;
        double most = 0;
        for (int i = 0; i < got.length; i++) {
            worst = Math.max(worst, Math.abs(got[i] - wanted[i]));
            most = Math.max(most, Math.abs(wanted[i]));
        }
        return worst / most;
    }

    @ParameterizedTest
    @MethodSource("families")
    void adaptersShouldGiveWhatMergedWeightsGive(String family) throws IOException {
        try (Machine machine = new Machine("scalar");
                RandomModel model = new RandomModel(machine.memory, SEED, family, "f32");
                RandomModel merged = new RandomModel(machine.memory, SEED, family, "f32");
                ModelTrial plain = new ModelTrial(machine, model.metadata(), model, "", 1);
                ModelTrial wanted = new ModelTrial(machine, merged.metadata(), merged, "", 1);
                Workers workers = Workers.of(1);
                CpuOps ops = new CpuOps(machine.memory, workers, machine.kernels, TOKENS.length)) {
            List<AdapterSet.Pair> pairs = pairs(model);
            // all of attention; of experts none, of other MLPs two or three
            int perLayer =
                    (model.family.isFused ? 2 : 4) + (model.family.experts > 0 ? 0 : model.family.isFused ? 2 : 3);
            assertThat(pairs).hasSize(perLayer * model.family.layers);
            merge(merged, pairs);
            float[] without = logits(machine, plain, Adapter.NONE);
            float[] all = logits(machine, wanted, Adapter.NONE);
            assertThat(worst(without, all)).isGreaterThan(0.01);
            WeightSource source = new Shapes(model);
            AdapterWriter writer = AdapterWriter.of(plain.spec, source, ALPHA, pairs);
            writer.gguf(folder.resolve("a.gguf"), "a");
            writer.peft(folder.resolve("a"), "model");
            for (String file : List.of("a.gguf", "a")) {
                try (AdapterSet set = AdapterSet.read(machine.memory, folder.resolve(file), plain.spec, source);
                        LoraAdapter lora = new LoraAdapter(set, ops, 4, machine.memory)) {
                    assertThat(worst(logits(machine, plain, lora.at(1)), all))
                            .as(file)
                            .isLessThan(FLOAT);
                    assertThat(logits(machine, plain, Adapter.NONE)).isEqualTo(without);
                }
            }
        }
    }

    static List<String> withExperts() {
        return families().stream().filter(f -> TestFamily.of(f).experts > 0).toList();
    }

    /** Neither a bank of experts nor one of them, nor what chooses among them. */
    @ParameterizedTest
    @MethodSource("withExperts")
    void adaptersOfExpertsShouldBeRefusedByName(String family) throws IOException {
        try (Machine machine = new Machine("scalar");
                RandomModel model = new RandomModel(machine.memory, SEED, family, "f32");
                ModelTrial trial = new ModelTrial(machine, model.metadata(), model, "", 1)) {
            WeightSource source = new Shapes(model);
            for (String name : List.of("ffn_gate_inp", "ffn_down_exps", "ffn_up.0", "ffn_gate_shexp")) {
                String site = "blk.0." + name;
                Matrix like = model.matrix(0, "blk.0.attn_q.weight");
                AdapterWriter.of(trial.spec, source, ALPHA, List.of(pair(site, like, new Random(SEED))))
                        .gguf(folder.resolve("e.gguf"), "e");
                assertThatThrownBy(() -> AdapterSet.read(machine.memory, folder.resolve("e.gguf"), trial.spec, source))
                        .isInstanceOf(MalformedModelException.class)
                        .hasMessageContaining(
                                "'" + site + "' is no matrix of this model that adapters may stand beside")
                        .hasMessageContaining("not those of experts");
            }
        }
    }
}
