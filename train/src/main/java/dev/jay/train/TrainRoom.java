// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.OutOfBudgetException;
import dev.jay.tensor.memory.Scratch;
import dev.jay.train.block.Parameters;
import dev.jay.train.optimize.Optimizer;
import dev.jay.train.optimize.Optimizers;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a run takes of the memory it is given, decided before a byte of it is taken.
 *
 * @param size  of a pass, recomputing if it was chosen
 * @param parts bytes by what they are for
 */
public record TrainRoom(TrainModel.Size size, Map<String, Long> parts) {
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
            parts.put("optimizer", state + Trainer.scratchBytes(outline, optimizer));
            parts.put("snapshot", outline.bytes() + state);
            parts.put("pass", TrainModel.bytes(outline, ops, recipe.steps().precision(), size));
            parts.put("coding", CODING * ops.workers() + Scratch.sizeOf(1));
            return new TrainRoom(size, parts);
        }
    }

    /**
     * As the recipe has it; recomputing only where it asks for that, or leaves it open and nothing else fits.
     *
     * @throws OutOfBudgetException if it does not fit; the message says what would
     */
    static TrainRoom fitting(Recipe recipe, int vocabulary, Ops ops, long free) {
        Recipe.Steps s = recipe.steps();
        boolean may = s.recompute().allowed(true);
        TrainRoom plain = of(
                recipe,
                vocabulary,
                ops,
                new TrainModel.Size(s.sequences(), s.length(), !s.recompute().allowed(false)));
        if (plain.bytes() <= free) return plain;
        TrainRoom least = may && !plain.size.recompute()
                ? of(recipe, vocabulary, ops, new TrainModel.Size(s.sequences(), s.length(), true))
                : plain;
        if (least.bytes() <= free) return least;
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
