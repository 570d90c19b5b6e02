// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import dev.jay.train.block.Batch;
import dev.jay.train.block.Parameter;
import dev.jay.train.block.Parameters;
import dev.jay.train.block.TrainedWeights;
import java.nio.file.Path;
import java.util.Random;

/** A small model and all that it needs to be trained. */
final class TrainBed implements AutoCloseable {
    static final ModelSpec SMALL = spec(2, 20, 4, 2, 6, 28, 37);

    final Memory memory = Memory.withBudget(256 << 20);
    final Workers workers;
    final KernelChoice kernels;
    final CpuOps ops;
    final Parameters parameters;
    final TrainModel model;

    TrainBed(
            ModelSpec spec,
            boolean tied,
            Precision precision,
            String provider,
            int threads,
            int sequences,
            int length) {
        this(spec, tied, precision, provider, threads, new TrainModel.Size(sequences, length, false));
    }

    TrainBed(ModelSpec spec, boolean tied, Precision precision, String provider, int threads, TrainModel.Size size) {
        this(spec, tied, precision, provider, threads, size, null);
    }

    /** @param folder for a file of activations */
    TrainBed(
            ModelSpec spec,
            boolean tied,
            Precision precision,
            String provider,
            int threads,
            TrainModel.Size size,
            Path folder) {
        workers = Workers.of(threads);
        kernels = KernelProviders.choose(Cpu.detect(), provider, memory);
        ops = new CpuOps(memory, workers, kernels, 1);
        parameters = new Parameters(spec, tied, memory);
        parameters.randomise(5);
        TrainedWeights weights = new TrainedWeights(parameters, ops, ops.gemm(precision));
        model = new TrainModel(weights, parameters, ops, precision, size, memory, folder);
    }

    static ModelSpec spec(int layers, int dim, int heads, int kvHeads, int headDim, int hidden, int vocabulary) {
        ModelSpec.Rotary rotary = new ModelSpec.Rotary(headDim - headDim % 4, 100, true, new float[0]);
        return new ModelSpec("llama", layers, dim, heads, kvHeads, headDim, hidden, vocabulary, 2048, 1e-5f, rotary);
    }

    /** Weights large enough that every part of the model matters to the loss. */
    void excite() {
        Random random = new Random(9);
        for (Parameter p : parameters.all()) {
            for (int i = 0; i < p.count(); i++) {
                double v = p.isMatrix()
                        ? 1.5 * random.nextGaussian() / Math.sqrt(p.cols())
                        : 1 + 0.3 * random.nextGaussian();
                Floats.set(p.value(), i, (float) v);
            }
        }
    }

    static Batch batch(int sequences, int length, int vocabulary, long seed) {
        Random random = new Random(seed);
        int[] tokens = random.ints((long) sequences * length, 0, vocabulary).toArray();
        int[] targets = random.ints((long) sequences * length, 0, vocabulary).toArray();
        for (int i = 0; i < targets.length; i += 5) targets[i] = Batch.IGNORED;
        return new Batch(length, tokens, targets);
    }

    @Override
    public void close() {
        model.close();
        parameters.close();
        ops.close();
        kernels.close();
        workers.close();
        memory.close();
    }
}
