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
import dev.jay.train.block.Adapters;
import dev.jay.train.block.Batch;
import dev.jay.train.block.HeadGradient;
import dev.jay.train.block.Parameters;
import dev.jay.train.block.TrainBlock;
import dev.jay.train.block.TrainBlocks;
import dev.jay.train.block.TrainPass;
import dev.jay.train.block.TrainWeights;
import dev.jay.train.block.TrainedWeights;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A model's loss and its gradients, all of them written out block by block. Results depend on parameters, batch,
 * precision and provider, not on the threads. Owns what the passes need (purposes {@code train-activations},
 * {@code train-scratch}), for batches of one greatest size; borrows parameters and ops. One caller at a time.
 */
public final class TrainModel implements AutoCloseable {
    private final TrainWeights weights;
    private final Ops ops;
    private final Parameters trained;
    private final ModelSpec spec;
    private final List<TrainBlock> blocks;
    private final HeadGradient head;
    private final Size size;
    private final double[] frequencies;
    private final Region activations; // null in a plan
    private final Region scratch;
    private final Region turns;
    private final ActivationFile file; // null: nothing goes there

    /**
     * How much a pass may be.
     *
     * @param sequences the most of a batch of the greatest length
     * @param length    the most tokens of a sequence
     * @param recompute whether of each block only its input is kept, and the rest computed again on the way back: a
     *                  third more arithmetic, about a quarter of the activations, the same bits
     * @param inFile    blocks, the first ones, whose activations wait in a file for the way back; none while recomputing
     */
    public record Size(int sequences, int length, boolean recompute, int inFile) {
        public Size {
            if (inFile < 0 || recompute && inFile > 0) {
                throw new IllegalArgumentException(
                        "training: recompute=" + recompute + ", inFile=" + inFile + ", allowed: one or the other");
            }
        }

        public Size(int sequences, int length, boolean recompute) {
            this(sequences, length, recompute, 0);
        }

        int rows() {
            return Math.multiplyExact(sequences, length);
        }
    }

    /**
     * Of what such a model takes of its own, all but the parameters: the sum of its purposes, and of its products.
     *
     * @param besides what an optimiser's products take, each thread's alone: {@link Trainer#room}
     */
    public static long bytes(Parameters outline, Ops ops, Precision precision, Size size, Gemm.Room besides) {
        return bytes(new TrainedWeights(outline, ops, ops.gemm(precision)), ops, precision, size, besides);
    }

    /** The same of any weights. */
    static long bytes(TrainWeights weights, Ops ops, Precision precision, Size size, Gemm.Room besides) {
        TrainModel plan = new TrainModel(weights, ops, precision, size);
        return plan.activationBytes()
                + plan.scratchBytes()
                + plan.turnBytes()
                + plan.room().bytes(ops.workers())
                + ops.workers() * plan.workerRoom().max(besides).bytes(1);
    }

    /** Of the products of a pass that all threads share. */
    private Gemm.Room room() {
        Gemm.Room most = head.room(size.rows());
        for (TrainBlock block : blocks) most = most.max(block.room(size.rows()));
        return most;
    }

    /** Of those that each thread makes alone. */
    private Gemm.Room workerRoom() {
        return blocks.stream().map(b -> b.workerRoom(size.length)).reduce(Gemm.Room.NONE, Gemm.Room::max);
    }

    /** Bytes that a pass of that size writes to a file, and reads again. */
    static long toFile(TrainWeights weights, Ops ops, Precision precision, Size size) {
        TrainModel plan = new TrainModel(weights, ops, precision, size);
        return plan.blocks.stream()
                .limit(size.inFile)
                .mapToLong(b -> b.savedBytes(size.rows()))
                .sum();
    }

    /** Weights that a token is multiplied with. */
    static long weights(ModelSpec spec) {
        long block = Adapters.SITES.stream()
                .map(site -> Adapters.shape(spec, site))
                .mapToLong(s -> (long) s.rows() * s.cols())
                .sum();
        return spec.layers() * block + (long) spec.vocabulary() * spec.dim();
    }

    /** Everything but memory. */
    private TrainModel(TrainWeights weights, Ops ops, Precision precision, Size size) {
        this.weights = weights;
        this.ops = ops;
        this.trained = null;
        this.spec = weights.spec();
        Gemm gemm = ops.gemm(precision);
        this.blocks = TrainBlocks.llama(ops, precision, weights);
        this.head = new HeadGradient(ops, gemm, precision, weights);
        this.size = size;
        this.frequencies = frequencies(spec.rotary());
        this.activations = null;
        this.scratch = null;
        this.turns = null;
        this.file = null;
    }

    /** A model all of whose weights are trained. */
    public TrainModel(Parameters parameters, Ops ops, Precision precision, Size size, Memory memory) {
        this(new TrainedWeights(parameters, ops, ops.gemm(precision)), parameters, ops, precision, size, memory);
    }

    /** @param trained all that the weights add gradients to */
    public TrainModel(
            TrainWeights weights, Parameters trained, Ops ops, Precision precision, Size size, Memory memory) {
        this(weights, trained, ops, precision, size, memory, null);
    }

    /** @param folder for a file of activations, if the size wants one */
    public TrainModel(
            TrainWeights weights,
            Parameters trained,
            Ops ops,
            Precision precision,
            Size size,
            Memory memory,
            Path folder) {
        TrainModel plan = new TrainModel(weights, ops, precision, size);
        this.weights = weights;
        this.ops = ops;
        this.trained = trained;
        this.spec = plan.spec;
        this.blocks = plan.blocks;
        this.head = plan.head;
        this.size = size;
        this.frequencies = plan.frequencies;
        List<Region> taken = new ArrayList<>();
        ActivationFile opened = null;
        try {
            taken.add(memory.reserve("train-activations", activationBytes()));
            taken.add(memory.reserve("train-scratch", scratchBytes()));
            taken.add(memory.reserve("train-turns", turnBytes()));
            if (size.inFile > 0) {
                MemorySegment rooms = taken.getFirst().bytes();
                opened = ActivationFile.in(folder, rooms, mostSaved(size.rows()), size.inFile);
            }
        } catch (RuntimeException e) {
            taken.forEach(Region::close);
            throw e;
        }
        this.activations = taken.get(0);
        this.scratch = taken.get(1);
        this.turns = taken.get(2);
        this.file = opened;
        fillTurns();
    }

    private static double[] frequencies(ModelSpec.Rotary rotary) {
        double[] all = new double[rotary.dim() / 2];
        for (int i = 0; i < all.length; i++) {
            double factor = rotary.factors().length == 0 ? 1 : rotary.factors()[i];
            all[i] = StrictMath.pow(rotary.base(), -2.0 * i / rotary.dim()) / factor;
        }
        return all;
    }

    /** [x][dx] and what each block saves; or [x][dx], what one block saves, and the input of each but the last. */
    private long activationBytes() {
        int rows = size.rows();
        long each = Scratch.sizeOf(4L * rows * spec.dim());
        if (size.recompute) return 2 * each + mostSaved(rows) + (blocks.size() - 1) * each;
        return 2 * each
                + (size.inFile == 0 ? 0 : ActivationFile.roomBytes(mostSaved(rows)))
                + blocks.stream()
                        .skip(size.inFile)
                        .mapToLong(b -> Scratch.sizeOf(b.savedBytes(rows)))
                        .sum();
    }

    private long mostSaved(int rows) {
        return Scratch.sizeOf(
                blocks.stream().mapToLong(b -> b.savedBytes(rows)).max().orElse(0));
    }

    private long scratchBytes() {
        long most = head.scratchBytes(size.rows());
        for (TrainBlock block : blocks) most = Math.max(most, block.scratchBytes(size.sequences, size.length));
        return most;
    }

    private long turnBytes() {
        return 2 * (Scratch.sizeOf(tableBytes(size.length)) + Scratch.sizeOf(tableBytes(size.rows())));
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
        Scratch kept = kept();
        TrainPass pass = pass(batch);
        MemorySegment x = kept.floats(values(pass));
        forward(pass, batch, kept, x, false);
        return head.logits(pass, x.asSlice(4L * (tokens.length - 1) * spec.dim()));
    }

    /** What each block saved; or its input, behind what all share. */
    private List<MemorySegment> forward(TrainPass pass, Batch batch, Scratch kept, MemorySegment x, boolean comesBack) {
        List<MemorySegment> saved = new ArrayList<>();
        weights.embed(batch.tokens(), x);
        for (int i = 0; i < Math.min(size.inFile, blocks.size()); i++) {
            saved.add(MemorySegment.NULL); // it is asked for when it is needed
            blocks.get(i).forward(pass, x, file.toFill(i, blocks.get(i).savedBytes(pass.rows())));
            if (comesBack) file.filled(i);
        }
        MemorySegment shared = size.recompute ? kept.take(mostSaved(pass.rows())) : null;
        for (TrainBlock block : blocks.subList(saved.size(), blocks.size())) {
            MemorySegment room = shared;
            if (!size.recompute) {
                room = kept.take(block.savedBytes(pass.rows()));
                saved.add(room);
            } else if (saved.size() < blocks.size() - 1) { // of the last one nothing is computed again
                saved.add(kept.floats(values(pass)));
                ops.copy(saved.getLast(), x, values(pass));
            }
            block.forward(pass, x, room);
        }
        if (size.recompute) saved.add(shared); // in the last one's place
        return saved;
    }

    /** Behind what the file's rooms take. */
    private Scratch kept() {
        return new Scratch(
                file == null ? activations.bytes() : activations.bytes().asSlice(file.roomBytes()));
    }

    /** Of a block's input. */
    private long values(TrainPass pass) {
        return (long) pass.rows() * spec.dim();
    }

    private void backward(TrainPass pass, List<MemorySegment> saved, MemorySegment x, MemorySegment dx) {
        for (int i = blocks.size() - 1; i >= 0; i--) {
            MemorySegment room = size.recompute ? saved.getLast() : saved.get(i);
            if (i < size.inFile) room = file.filledBefore(i);
            if (size.recompute && i < blocks.size() - 1) { // what the last one saved is still there
                ops.copy(x, saved.get(i), values(pass));
                blocks.get(i).forward(pass, x, room);
            }
            blocks.get(i).backward(pass, dx, room);
        }
    }

    private double run(Batch batch, boolean backward, float weight) {
        check(batch);
        Scratch kept = kept();
        TrainPass pass = pass(batch);
        MemorySegment x = kept.floats(values(pass));
        MemorySegment dx = kept.floats(values(pass));
        List<MemorySegment> saved = forward(pass, batch, kept, x, backward);
        double sum = head.loss(pass, x, batch.targets(), backward ? dx : null, weight);
        if (!backward) return sum;
        backward(pass, saved, x, dx);
        weights.embedBackward(batch.tokens(), dx);
        return sum;
    }

    private void check(Batch batch) {
        if (batch.tokens().length > size.rows() || batch.length() > size.length) {
            throw new IllegalArgumentException("training: sequences=" + batch.sequences() + ", length=" + batch.length()
                    + ", allowed: as many tokens as " + size.sequences + " of " + size.length);
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
        MemorySegment forth = room.take(tableBytes(size.length));
        MemorySegment back = room.take(tableBytes(size.length));
        int pairs = frequencies.length;
        for (int t = 0; t < size.length; t++) {
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
        MemorySegment[] one = {room.take(tableBytes(size.length)), room.take(tableBytes(size.length))};
        MemorySegment[] all = new MemorySegment[2];
        long each = tableBytes(batch.length());
        for (int i = 0; i < 2; i++) {
            all[i] = room.take(each * batch.sequences());
            for (int s = 0; s < batch.sequences(); s++) MemorySegment.copy(one[i], 0, all[i], s * each, each);
        }
        return new TrainPass(batch.sequences(), batch.length(), all[0], all[1], new Scratch(scratch.bytes()));
    }

    /** The most tokens of a sequence. */
    int length() {
        return size.length;
    }

    /** What is trained of it. */
    public Parameters parameters() {
        return trained;
    }

    /** Bytes of activations that were written to a file since the model was made. */
    long fileBytes() {
        return file == null ? 0 : file.written();
    }

    /** Blocks that may keep their activations in a file. */
    static int blocks(ModelSpec spec) {
        return 2 * spec.layers();
    }

    @Override
    public void close() {
        if (file != null) file.close();
        activations.close();
        scratch.close();
        turns.close();
    }
}
