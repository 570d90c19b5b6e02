// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Ops;
import java.util.ArrayList;
import java.util.List;

/** The blocks that families are trained with, in the order they run. */
public final class TrainBlocks {
    private TrainBlocks() {}

    public static List<TrainBlock> llama(Ops ops, Gemm gemm, Parameters parameters) {
        List<TrainBlock> blocks = new ArrayList<>();
        for (int l = 0; l < parameters.spec().layers(); l++) {
            blocks.add(new AttentionGradient(ops, gemm, parameters, l));
            blocks.add(new GatedMlpGradient(ops, gemm, parameters, l));
        }
        return blocks;
    }
}
