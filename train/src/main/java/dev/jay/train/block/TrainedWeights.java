// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Ops;
import java.lang.foreign.MemorySegment;

/** All weights are trained. Borrows them. */
public record TrainedWeights(Parameters parameters, Ops ops, Gemm gemm) implements TrainWeights {
    @Override
    public ModelSpec spec() {
        return parameters.spec();
    }

    @Override
    public LinearGradient linear(String site) {
        return new TrainedLinear(gemm, parameters.get(site + ".weight"));
    }

    @Override
    public NormGradient norm(String site) {
        return NormGradient.of(ops, parameters.get(site + ".weight"), spec().normEps());
    }

    @Override
    public boolean hasNorm(String site) {
        return parameters.has(site + ".weight");
    }

    @Override
    public TrainRows head() {
        return new Head(parameters.head());
    }

    private record Head(Parameter matrix) implements TrainRows {
        @Override
        public int rows() {
            return matrix.rows();
        }

        @Override
        public int cols() {
            return matrix.cols();
        }

        @Override
        public long roomBytes(int count) {
            return 0;
        }

        @Override
        public MemorySegment values(int from, int count, MemorySegment room) {
            return matrix.value().asSlice(4L * from * cols(), 4L * count * cols());
        }

        @Override
        public MemorySegment gradient() {
            return matrix.gradient();
        }
    }

    @Override
    public void embed(int[] tokens, MemorySegment x) {
        long bytes = 4L * spec().dim();
        MemorySegment table = parameters.get("token_embd.weight").value();
        for (int t = 0; t < tokens.length; t++) MemorySegment.copy(table, tokens[t] * bytes, x, t * bytes, bytes);
    }

    /** In the order of the tokens: a row may come up many times. */
    @Override
    public void embedBackward(int[] tokens, MemorySegment dx) {
        int dim = spec().dim();
        long bytes = 4L * dim;
        MemorySegment gradient = parameters.get("token_embd.weight").gradient();
        for (int t = 0; t < tokens.length; t++) {
            ops.add(gradient.asSlice(tokens[t] * bytes, bytes), dx.asSlice(t * bytes, bytes), dim);
        }
    }
}
