// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.model.ModelSpec;
import dev.jay.model.load.WeightSource;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.OutOfBudgetException;
import dev.jay.train.block.Adapters;
import dev.jay.train.block.FrozenWeights;
import dev.jay.train.block.Parameters;
import dev.jay.train.optimize.Optimizer;
import dev.jay.train.optimize.Optimizers;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a tuning takes of the memory it is given, the model's file among it, decided before a byte of it is taken. */
final class TuneRoom {
    private TuneRoom() {}

    static TrainRoom of(TuneRecipe recipe, WeightSource source, ModelSpec spec, Ops ops, TrainModel.Size size) {
        Gemm gemm = ops.gemm(recipe.steps().precision());
        try (Adapters outline = Adapters.outline(spec, recipe.lora())) {
            Optimizer optimizer = Optimizers.ALL.make(recipe.steps().optimizer());
            Parameters trained = outline.parameters();
            long state = Trainer.stateBytes(trained, optimizer);
            long file =
                    source.files().stream().mapToLong(f -> f.bytes().byteSize()).sum();
            FrozenWeights weights = new FrozenWeights(source, spec, outline, ops, gemm);
            Map<String, Long> parts = new LinkedHashMap<>();
            parts.put("weights", file);
            parts.put("adapters", trained.bytes());
            parts.put("gradients", trained.bytes());
            parts.put("optimizer", state + Trainer.scratchBytes(trained, optimizer, ops));
            parts.put("checkpoint", Checkpoints.roomBytes());
            Gemm.Room besides = Trainer.room(trained, optimizer, ops);
            parts.put("pass", TrainModel.bytes(weights, ops, recipe.steps().precision(), size, besides));
            return new TrainRoom(
                    size, parts, TrainModel.toFile(weights, ops, recipe.steps().precision(), size));
        }
    }

    /**
     * As the recipe has it; where it leaves that open, by {@link PassChoice}.
     *
     * @throws OutOfBudgetException if it does not fit; the message says what would
     */
    static TrainRoom fitting(
            TuneRecipe recipe, WeightSource source, ModelSpec spec, Ops ops, long free, PassChoice.Rates rates) {
        TuneRecipe.Steps s = recipe.steps();
        double flops = 2.0 * TrainModel.weights(spec) * s.sequences() * s.length();
        PassChoice choice =
                new PassChoice(s.recompute(), s.offload(), s.sequences(), s.length(), TrainModel.blocks(spec), flops);
        PassChoice.Rooms rooms = size -> of(recipe, source, spec, ops, size);
        TrainRoom room = choice.fitting(rooms, free, rates);
        if (room != null) return room;
        TrainRoom least = choice.least(rooms);
        throw new OutOfBudgetException("tuning does not fit: wanted=" + least.bytes() + " bytes " + least.parts()
                + ", free=" + free + "; " + advice(recipe, source, spec, ops, free));
    }

    /** The same examples a step in more batches, or the least that any batch takes. */
    private static String advice(TuneRecipe recipe, WeightSource source, ModelSpec spec, Ops ops, long free) {
        TuneRecipe.Steps s = recipe.steps();
        for (int sequences = s.sequences() - 1; sequences >= 1; sequences--) {
            if (s.sequences() % sequences != 0) continue;
            TrainRoom room = of(recipe, source, spec, ops, new TrainModel.Size(sequences, s.length(), true));
            if (room.bytes() <= free) {
                return "would fit: sequences=" + sequences + ", batches=" + s.batches() * (s.sequences() / sequences)
                        + ", recompute=yes, in " + room.bytes() + " bytes";
            }
        }
        TrainRoom one = of(recipe, source, spec, ops, new TrainModel.Size(1, s.length(), true));
        return "the least is sequences=1, recompute=yes, in " + one.bytes()
                + " bytes; a shorter length, a lower rank, fewer sites or a model coded in fewer bits (jay quantize"
                + " --format nf4) takes less";
    }
}
