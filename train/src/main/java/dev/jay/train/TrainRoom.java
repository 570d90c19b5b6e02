// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.OutOfBudgetException;
import dev.jay.tensor.memory.Scratch;
import dev.jay.train.block.Parameters;
import dev.jay.train.block.TrainWeights;
import dev.jay.train.block.TrainedWeights;
import dev.jay.train.optimize.Optimizer;
import dev.jay.train.optimize.Optimizers;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a run takes of the memory it is given, decided before a byte of it is taken.
 *
 * @param size  of a pass, recomputing if it was chosen
 * @param parts  bytes by what they are for
 * @param toFile bytes that a pass writes to a file and reads again
 */
public record TrainRoom(TrainModel.Size size, Map<String, Long> parts, long toFile) {
    private static final long CODING = 5L << 18; // a worker's, while the model is written in Q8_0

    public long bytes() {
        return parts.values().stream().mapToLong(Long::longValue).sum();
    }

    static TrainRoom of(Recipe recipe, int vocabulary, Ops ops, TrainModel.Size size) {
        ModelSpec spec = recipe.shape().spec(vocabulary);
        try (Parameters outline = Parameters.outline(spec, true)) {
            Optimizer optimizer = Optimizers.ALL.make(recipe.steps().optimizer());
            long state = Trainer.stateBytes(outline, optimizer);
            Map<String, Long> parts = new LinkedHashMap<>();
            parts.put("weights", outline.bytes());
            parts.put("gradients", outline.bytes());
            parts.put("optimizer", state + Trainer.scratchBytes(outline, optimizer, ops));
            parts.put("checkpoint", Checkpoints.roomBytes());
            Gemm.Room besides = Trainer.room(outline, optimizer, ops);
            parts.put("pass", TrainModel.bytes(outline, ops, recipe.steps().precision(), size, besides));
            parts.put("coding", CODING * ops.workers() + Scratch.sizeOf(1));
            TrainWeights weights =
                    new TrainedWeights(outline, ops, ops.gemm(recipe.steps().precision()));
            return new TrainRoom(
                    size, parts, TrainModel.toFile(weights, ops, recipe.steps().precision(), size));
        }
    }

    /**
     * As the recipe has it; where it leaves that open, by {@link PassChoice}.
     *
     * @throws OutOfBudgetException if it does not fit; the message says what would
     */
    static TrainRoom fitting(Recipe recipe, int vocabulary, Ops ops, long free, PassChoice.Rates rates) {
        Recipe.Steps s = recipe.steps();
        ModelSpec spec = recipe.shape().spec(vocabulary);
        double flops = 2.0 * TrainModel.weights(spec) * s.sequences() * s.length();
        PassChoice choice =
                new PassChoice(s.recompute(), s.offload(), s.sequences(), s.length(), TrainModel.blocks(spec), flops);
        PassChoice.Rooms rooms = size -> of(recipe, vocabulary, ops, size);
        TrainRoom room = choice.fitting(rooms, free, rates);
        if (room != null) return room;
        TrainRoom least = choice.least(rooms);
        throw new OutOfBudgetException("training does not fit: wanted=" + least.bytes() + " bytes " + least.parts
                + ", free=" + free + "; " + advice(recipe, vocabulary, ops, free));
    }

    /** The same tokens a step in more batches, or the least that any batch takes. */
    private static String advice(Recipe recipe, int vocabulary, Ops ops, long free) {
        Recipe.Steps s = recipe.steps();
        for (int sequences = s.sequences() - 1; sequences >= 1; sequences--) {
            if (s.sequences() % sequences != 0) continue;
            TrainRoom room = of(recipe, vocabulary, ops, new TrainModel.Size(sequences, s.length(), true));
            if (room.bytes() <= free) {
                int batches = s.batches() * (s.sequences() / sequences);
                return "would fit: sequences=" + sequences + ", batches=" + batches + ", recompute=yes, in "
                        + room.bytes() + " bytes";
            }
        }
        TrainRoom one = of(recipe, vocabulary, ops, new TrainModel.Size(1, s.length(), true));
        return "the least is sequences=1, recompute=yes, in " + one.bytes()
                + " bytes; a shorter length, a smaller model or an optimizer that keeps less takes less";
    }
}
