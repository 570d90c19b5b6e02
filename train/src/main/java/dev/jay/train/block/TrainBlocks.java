// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.kernel.Precision;
import java.util.ArrayList;
import java.util.List;

/** The blocks that families are trained with, in the order they run. */
public final class TrainBlocks {
    private TrainBlocks() {}

    /** Llama, Qwen 2 and Qwen 3: biases and norms of heads are the weights' affair. */
    public static List<TrainBlock> llama(Ops ops, Precision precision, TrainWeights weights) {
        ModelSpec spec = weights.spec();
        if (!spec.isPlain()) {
            throw new IllegalArgumentException("training: " + spec.architecture()
                    + " has windows, caps, factors, experts or stretched positions, which have no gradients here");
        }
        List<TrainBlock> blocks = new ArrayList<>();
        for (int l = 0; l < weights.spec().layers(); l++) {
            blocks.add(new AttentionGradient(ops, precision, weights, l));
            blocks.add(new GatedMlpGradient(ops, weights, l));
        }
        return blocks;
    }
}
