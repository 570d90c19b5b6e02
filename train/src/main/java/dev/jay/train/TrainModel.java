// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import dev.jay.train.block.Batch;
import dev.jay.train.block.HeadGradient;
import dev.jay.train.block.Parameters;
import dev.jay.train.block.TrainBlock;
import dev.jay.train.block.TrainBlocks;
import dev.jay.train.block.TrainPass;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A model's loss and its gradients, all of them written out block by block. Results depend on parameters, batch,
 * precision and provider, not on the threads. Owns what the passes need (purposes {@code train-activations},
 * {@code train-scratch}), for batches of one greatest size; borrows parameters and ops. One caller at a time.
 */
public final class TrainModel implements AutoCloseable {
    private final Parameters parameters;
    private final Ops ops;
    private final ModelSpec spec;
    private final List<TrainBlock> blocks;
    private final HeadGradient head;
    private final int sequences;
    private final int length;
    private final double[] frequencies;
    private final Region activations;
    private final Region scratch;
    private final Region turns;

    /**
     * @param sequences the most of a batch
     * @param length    the most tokens of a sequence
     */
    public TrainModel(Parameters parameters, Ops ops, Precision precision, int sequences, int length, Memory memory) {
        this.parameters = parameters;
        this.ops = ops;
        this.spec = parameters.spec();
        Gemm gemm = ops.gemm(precision);
        this.blocks = TrainBlocks.llama(ops, gemm, parameters);
        this.head = new HeadGradient(ops, gemm, parameters);
        this.sequences = sequences;
        this.length = length;
        this.frequencies = frequencies(spec.rotary());
        int rows = Math.multiplyExact(sequences, length);
        long table = 2 * (Scratch.sizeOf(tableBytes(length)) + Scratch.sizeOf(tableBytes(rows)));
        this.activations = memory.reserve("train-activations", activationBytes(rows));
        try {
            this.scratch = memory.reserve("train-scratch", scratchBytes());
        } catch (RuntimeException e) {
            activations.close();
            throw e;
        }
        try {
            this.turns = memory.reserve("train-turns", table);
        } catch (RuntimeException e) {
            activations.close();
            scratch.close();
            throw e;
        }
        fillTurns();
    }

    private static double[] frequencies(ModelSpec.Rotary rotary) {
        double[] all = new double[rotary.dim() / 2];
        for (int i = 0; i < all.length; i++) all[i] = StrictMath.pow(rotary.base(), -2.0 * i / rotary.dim());
        return all;
    }

    /** [x][dx] and what each block saves. */
    private long activationBytes(int rows) {
        long bytes = 2 * Scratch.sizeOf(4L * rows * spec.dim());
        for (TrainBlock block : blocks) bytes += Scratch.sizeOf(block.savedBytes(rows));
        return bytes;
    }

    private long scratchBytes() {
        long most = head.scratchBytes(sequences * length);
        for (TrainBlock block : blocks) most = Math.max(most, block.scratchBytes(sequences, length));
        return most;
    }

    /** The mean loss of the targets, in nats. */
    public double loss(Batch batch) {
        return run(batch, false, 0) / Math.max(1, batch.counted());
    }

    /**
     * Adds the gradients of {@code weight} times the sum of the losses to those of the parameters.
     *
     * @return the sum of the losses
     */
    public double addGradients(Batch batch, float weight) {
        return run(batch, true, weight);
    }

    /**
     * What may follow some tokens. Every token is run anew each time: for a look at what a model has learnt.
     *
     * @param tokens at most a sequence
     * @return [vocabulary] f32
     */
    public float[] logits(int[] tokens) {
        int[] none = new int[tokens.length];
        Arrays.fill(none, Batch.IGNORED);
        Batch batch = new Batch(tokens.length, tokens, none);
        check(batch);
        Scratch kept = new Scratch(activations.bytes());
        TrainPass pass = pass(batch);
        MemorySegment x = kept.floats((long) pass.rows() * spec.dim());
        forward(pass, batch, kept, x);
        return head.logits(pass, x.asSlice(4L * (tokens.length - 1) * spec.dim()));
    }

    private List<MemorySegment> forward(TrainPass pass, Batch batch, Scratch kept, MemorySegment x) {
        List<MemorySegment> saved = new ArrayList<>();
        embed(batch.tokens(), x);
        for (TrainBlock block : blocks) {
            MemorySegment room = kept.take(block.savedBytes(pass.rows()));
            saved.add(room);
            block.forward(pass, x, room);
        }
        return saved;
    }

    private double run(Batch batch, boolean backward, float weight) {
        check(batch);
        Scratch kept = new Scratch(activations.bytes());
        TrainPass pass = pass(batch);
        MemorySegment x = kept.floats((long) pass.rows() * spec.dim());
        MemorySegment dx = kept.floats((long) pass.rows() * spec.dim());
        List<MemorySegment> saved = forward(pass, batch, kept, x);
        double sum = head.loss(pass, x, batch.targets(), backward ? dx : null, weight);
        if (!backward) return sum;
        for (int i = blocks.size() - 1; i >= 0; i--) blocks.get(i).backward(pass, dx, saved.get(i));
        embedBackward(batch.tokens(), dx);
        return sum;
    }

    private void check(Batch batch) {
        if (batch.sequences() > sequences || batch.length() > length) {
            throw new IllegalArgumentException("training: sequences=" + batch.sequences() + ", length=" + batch.length()
                    + ", allowed: " + sequences + " of " + length);
        }
        int bad = Arrays.stream(batch.tokens())
                .filter(t -> t < 0 || t >= spec.vocabulary())
                .findFirst()
                .orElse(Arrays.stream(batch.targets())
                        .filter(t -> t < Batch.IGNORED || t >= spec.vocabulary())
                        .findFirst()
                        .orElse(0));
        if (bad != 0 && (bad < 0 || bad >= spec.vocabulary())) {
            throw new IllegalArgumentException("training: token=" + bad + ", vocabulary=" + spec.vocabulary());
        }
    }

    /** Bytes of a table for so many rows: [rows][pairs] (cos, sin). */
    private long tableBytes(long rows) {
        return 4 * rows * spec.rotary().dim();
    }

    /** Of one sequence: turns forth, then turns back, the same with the sines negated. */
    private void fillTurns() {
        Scratch room = new Scratch(turns.bytes());
        MemorySegment forth = room.take(tableBytes(length));
        MemorySegment back = room.take(tableBytes(length));
        int pairs = frequencies.length;
        for (int t = 0; t < length; t++) {
            for (int i = 0; i < pairs; i++) {
                double angle = t * frequencies[i];
                long at = 2L * (t * (long) pairs + i);
                float sine = (float) StrictMath.sin(angle);
                Floats.set(forth, at, (float) StrictMath.cos(angle));
                Floats.set(back, at, (float) StrictMath.cos(angle));
                Floats.set(forth, at + 1, sine);
                Floats.set(back, at + 1, -sine);
            }
        }
    }

    /** The tables of every sequence of a batch are one behind the other. */
    private TrainPass pass(Batch batch) {
        Scratch room = new Scratch(turns.bytes());
        MemorySegment[] one = {room.take(tableBytes(length)), room.take(tableBytes(length))};
        MemorySegment[] all = new MemorySegment[2];
        long each = tableBytes(batch.length());
        for (int i = 0; i < 2; i++) {
            all[i] = room.take(each * batch.sequences());
            for (int s = 0; s < batch.sequences(); s++) MemorySegment.copy(one[i], 0, all[i], s * each, each);
        }
        return new TrainPass(batch.sequences(), batch.length(), all[0], all[1], new Scratch(scratch.bytes()));
    }

    private void embed(int[] tokens, MemorySegment x) {
        long bytes = 4L * spec.dim();
        MemorySegment table = parameters.get("token_embd.weight").value();
        for (int t = 0; t < tokens.length; t++) MemorySegment.copy(table, tokens[t] * bytes, x, t * bytes, bytes);
    }

    /** In the order of the tokens: a row may come up many times. */
    private void embedBackward(int[] tokens, MemorySegment dx) {
        long bytes = 4L * spec.dim();
        MemorySegment gradient = parameters.get("token_embd.weight").gradient();
        for (int t = 0; t < tokens.length; t++) {
            MemorySegment to = gradient.asSlice(tokens[t] * bytes, bytes);
            MemorySegment from = dx.asSlice(t * bytes, bytes);
            ops.add(to, from, spec.dim());
        }
    }

    /** The most tokens of a sequence. */
    int length() {
        return length;
    }

    public Parameters parameters() {
        return parameters;
    }

    @Override
    public void close() {
        activations.close();
        scratch.close();
        turns.close();
    }
}
