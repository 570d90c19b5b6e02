// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import dev.jay.train.block.HeadGradient;
import dev.jay.train.block.Parameter;
import dev.jay.train.block.Parameters;
import dev.jay.train.block.TrainBlock;
import dev.jay.train.block.TrainBlocks;
import dev.jay.train.block.TrainPass;
import dev.jay.train.block.TrainedWeights;
import dev.jay.train.optimize.GradientNorm;
import dev.jay.train.optimize.Optimizer;
import dev.jay.train.optimize.Optimizers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** The parts of a step one by one, each as often as a step has it. Owns what they work on. */
final class TrainParts implements AutoCloseable {
    private final Parameters parameters;
    private final Ops ops;
    private final ModelSpec spec;
    private final int sequences;
    private final int length;
    private final List<TrainBlock> blocks;
    private final HeadGradient head;
    private final Region room;
    private final MemorySegment x;
    private final MemorySegment y;
    private final MemorySegment out;
    private final MemorySegment saved;
    private final MemorySegment turns;
    private final MemorySegment state;
    private final MemorySegment scratch;

    TrainParts(Parameters parameters, Ops ops, Precision precision, int sequences, int length, Memory memory) {
        this.parameters = parameters;
        this.ops = ops;
        this.spec = parameters.spec();
        this.sequences = sequences;
        this.length = length;
        Gemm gemm = ops.gemm(precision);
        TrainedWeights weights = new TrainedWeights(parameters, ops, gemm);
        this.blocks = TrainBlocks.llama(ops, precision, weights).subList(0, 2);
        this.head = new HeadGradient(ops, gemm, precision, weights);
        int rows = sequences * length;
        int widest = parameters.all().stream().mapToInt(Parameter::rows).max().orElseThrow();
        long most = parameters.all().stream().mapToLong(Parameter::count).max().orElseThrow();
        long savedBytes =
                blocks.stream().mapToLong(b -> b.savedBytes(rows)).max().orElseThrow();
        long scratchBytes = Math.max(
                head.scratchBytes(rows),
                blocks.stream()
                        .mapToLong(b -> b.scratchBytes(sequences, length))
                        .max()
                        .orElseThrow());
        long wide = 4L * rows * Math.max(widest, spec.hidden());
        this.room = memory.reserve("bench", 3 * wide + savedBytes + 4L * rows * 64 + 8 * most + scratchBytes + 4096);
        Scratch parts = new Scratch(room.bytes());
        this.x = parts.take(wide);
        this.y = parts.take(wide);
        this.out = parts.take(wide);
        this.saved = parts.take(savedBytes);
        this.turns = parts.take(4L * rows * spec.rotary().dim());
        this.state = parts.take(8 * most);
        this.scratch = parts.take(scratchBytes);
        fill(x);
        fill(y);
    }

    private static void fill(MemorySegment s) {
        Random random = new Random(3);
        float[] some = new float[4099];
        for (int i = 0; i < some.length; i++) some[i] = (float) random.nextGaussian();
        for (long at = 0; at < s.byteSize(); at += 4L * some.length) {
            int count = (int) Math.min(some.length, (s.byteSize() - at) / 4);
            MemorySegment.copy(some, 0, s, ValueLayout.JAVA_FLOAT, at, count);
        }
    }

    MemorySegment x() {
        return x;
    }

    MemorySegment y() {
        return y;
    }

    /** For results, as large as these. */
    MemorySegment out() {
        return out;
    }

    /** Seconds of each. */
    Map<String, Double> measure(String optimizer, TrainBench.Watch watch) {
        TrainPass pass = new TrainPass(sequences, length, turns, turns, new Scratch(scratch));
        Map<String, Double> all = new TreeMap<>();
        List<String> names = List.of("attention", "mlp");
        for (int i = 0; i < names.size(); i++) {
            TrainBlock block = blocks.get(i);
            fill(x);
            double forward = watch.seconds(() -> block.forward(pass, x, saved));
            fill(y);
            double backward = watch.seconds(() -> block.backward(pass, y, saved));
            all.put(names.get(i) + " forward", forward * spec.layers());
            all.put(names.get(i) + " backward", backward * spec.layers());
        }
        fill(x);
        int[] targets = new int[sequences * length];
        Arrays.setAll(targets, i -> i % spec.vocabulary());
        all.put("head, both ways", watch.seconds(() -> head.loss(pass, x, targets, y, 1e-4f)));
        parameters.zeroGradients(ops);
        all.put("norm of the gradients", watch.seconds(() -> GradientNorm.of(parameters.all(), ops)));
        Optimizer by = Optimizers.ALL.make(optimizer);
        all.put("optimiser", watch.seconds(() -> {
            for (Parameter p : parameters.all()) {
                if (by.stateBytes(p) <= state.byteSize() && by.scratchBytes(p) <= scratch.byteSize()) {
                    by.update(
                            p,
                            state.asSlice(0, by.stateBytes(p)),
                            new Scratch(scratch),
                            new Optimizer.Step(1, 1e-9, 1),
                            ops);
                }
            }
        }));
        return all;
    }

    @Override
    public void close() {
        room.close();
    }
}
