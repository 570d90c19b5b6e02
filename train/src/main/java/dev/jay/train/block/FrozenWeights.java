// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.model.ModelSpec;
import dev.jay.model.arch.Architectures;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.MappedWeights;
import dev.jay.model.load.WeightSource;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.Matrix;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Ops;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A file's weights, frozen, in whatever formats they are, and low-rank adapters beside its matrices, which alone are
 * trained. Borrows all of it; the file's bytes are only read.
 */
public final class FrozenWeights implements TrainWeights {
    /** Families whose blocks have gradients. */
    public static final List<String> FAMILIES = List.of("llama", "qwen2", "qwen3");

    private final ModelSpec spec;
    private final MappedWeights weights;
    private final Adapters adapters;
    private final Ops ops;
    private final Gemm gemm;

    /** @throws MalformedModelException if a tensor is missing or of the wrong shape; it is named */
    public FrozenWeights(WeightSource source, ModelSpec spec, Adapters adapters, Ops ops, Gemm gemm) {
        this.spec = spec;
        this.weights = new MappedWeights(source);
        this.adapters = adapters;
        this.ops = ops;
        this.gemm = gemm;
    }

    /**
     * The shapes of a file's model, with the factors of its positions.
     *
     * @throws IllegalArgumentException if its family cannot be tuned
     */
    public static ModelSpec specOf(WeightSource source) {
        ModelSpec spec = Architectures.of(source.metadata()).spec(source.metadata());
        if (!FAMILIES.contains(spec.architecture()) || !spec.isPlain()) {
            throw new IllegalArgumentException("tuning: architecture=" + spec.architecture() + ", plain="
                    + spec.isPlain() + ", allowed: " + FAMILIES + " without windows, caps and stretched positions");
        }
        MappedWeights weights = new MappedWeights(source);
        ModelSpec.Rotary r = spec.rotary();
        String name = "rope_freqs.weight";
        if (!weights.has(name)) return spec;
        MemorySegment bytes = vector(weights, name, r.dim() / 2);
        float[] factors = new float[r.dim() / 2];
        for (int i = 0; i < factors.length; i++) factors[i] = Floats.get(bytes, i);
        return spec.withRotary(r.dividedBy(factors));
    }

    private static MemorySegment vector(MappedWeights weights, String name, int width) {
        Matrix m = matrix(weights, name, 1, width);
        if (m.format().ggmlType() != 0) {
            throw new MalformedModelException(
                    "tensor " + name + ": wanted format=f32, got " + m.format().name());
        }
        return m.bytes();
    }

    private static Matrix matrix(MappedWeights weights, String name, int rows, int cols) {
        weights.require(List.of(name));
        Matrix m = weights.matrix(MappedWeights.ROOT, name);
        if (m.rows() != rows || m.cols() != cols) {
            throw new MalformedModelException("tensor " + name + ": wanted rows=" + rows + ", cols=" + cols
                    + ", got rows=" + m.rows() + ", cols=" + m.cols());
        }
        return m;
    }

    @Override
    public ModelSpec spec() {
        return spec;
    }

    @Override
    public LinearGradient linear(String site) {
        Adapters.Shape shape = Adapters.shape(spec, site);
        Matrix w = matrix(weights, site + ".weight", shape.rows(), shape.cols());
        MemorySegment bias = weights.has(site + ".bias") ? vector(weights, site + ".bias", shape.rows()) : null;
        FrozenRows rows = new FrozenRows(ops, w);
        if (!adapters.has(site)) return new AdaptedLinear(ops, gemm, rows, bias, null, null, 0);
        return new AdaptedLinear(ops, gemm, rows, bias, adapters.a(site), adapters.b(site), (float)
                adapters.lora().scale());
    }

    @Override
    public NormGradient norm(String site) {
        int width = site.endsWith("_q_norm") || site.endsWith("_k_norm") ? spec.headDim() : spec.dim();
        return new NormGradient(ops, vector(weights, site + ".weight", width), null, width, spec.normEps());
    }

    @Override
    public boolean hasNorm(String site) {
        return weights.has(site + ".weight");
    }

    @Override
    public TrainRows head() {
        String name = weights.has("output.weight") ? "output.weight" : "token_embd.weight";
        return new FrozenRows(ops, matrix(weights, name, spec.vocabulary(), spec.dim()));
    }

    @Override
    public void embed(int[] tokens, MemorySegment x) {
        Matrix table = matrix(weights, "token_embd.weight", spec.vocabulary(), spec.dim());
        for (int t = 0; t < tokens.length; t++) table.decodeRow(tokens[t], x, 4L * t * spec.dim());
    }

    @Override
    public void embedBackward(int[] tokens, MemorySegment dx) {}
}
