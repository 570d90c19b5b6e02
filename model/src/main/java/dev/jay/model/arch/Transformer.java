// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import static dev.jay.tensor.memory.Scratch.sizeOf;

import dev.jay.kv.KvRecipe;
import dev.jay.model.Block;
import dev.jay.model.ModelSpec;
import dev.jay.model.Pass;
import dev.jay.model.block.Embedding;
import dev.jay.model.block.RmsNorm;
import dev.jay.model.block.Rotation;
import dev.jay.model.load.Weights;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A built model: embedding, the blocks of each layer, norm, head. The whole forward pass is {@link #run}. Borrows its
 * weights and its ops. Confined to the engine thread.
 */
public final class Transformer {
    private final ModelSpec spec;
    private final List<KvRecipe> recipes;
    private final Weights weights;
    private final Embedding embedding;
    private final Rotation rotation;
    private final List<List<Block>> layers;
    private final RmsNorm norm;
    private final Head head;

    Transformer(
            ModelSpec spec,
            List<KvRecipe> recipes,
            Weights weights,
            Embedding embedding,
            List<List<Block>> layers,
            RmsNorm norm,
            Head head) {
        this.spec = spec;
        this.recipes = List.copyOf(recipes);
        this.weights = weights;
        this.embedding = embedding;
        this.rotation = new Rotation(spec.rotary());
        this.layers = List.copyOf(layers);
        this.norm = norm;
        this.head = head;
    }

    public ModelSpec spec() {
        return spec;
    }

    /** How each stream's source must keep keys and values: what attention was bound for. */
    public List<KvRecipe> recipes() {
        return recipes;
    }

    /**
     * Runs the pass: its rows are appended to its sources (provisional until settled). If it fails, some streams may have
     * them and some not: settle to what was settled before.
     *
     * @return logits[logit rows][vocabulary] f32, in the pass's scratch, until the caller releases it below
     */
    public MemorySegment run(Pass given) {
        weights.hold(Weights.ROOT);
        try {
            Pass pass = given.withRotation(rotation.table(given));
            MemorySegment x = pass.floats(spec.dim());
            embedding.run(pass.tokens(), x);
            for (int layer = 0; layer < layers.size(); layer++) {
                weights.hold(layer);
                try {
                    for (Block block : layers.get(layer)) block.run(pass, x);
                } finally {
                    weights.release(layer);
                }
                pass.probe().after(layer, x);
            }
            if (pass.probe().wantsNormed()) showNormed(pass, x);
            return logits(pass, x);
        } finally {
            weights.release(Weights.ROOT);
        }
    }

    /** In room that every block has needed too. */
    private void showNormed(Pass pass, MemorySegment x) {
        long mark = pass.scratch().mark();
        MemorySegment normed = pass.floats(spec.dim());
        norm.run(x, normed, pass.rows());
        pass.probe().normed(normed);
        pass.scratch().release(mark);
    }

    private MemorySegment logits(Pass pass, MemorySegment x) {
        int n = pass.logitRows().length;
        if (n == 0) return pass.scratch().floats(0);
        long rowBytes = 4L * spec.dim();
        MemorySegment logits = pass.scratch().floats((long) n * spec.vocabulary());
        long mark = pass.scratch().mark();
        MemorySegment wanted = pass.scratch().floats((long) n * spec.dim());
        for (int i = 0; i < n; i++)
            MemorySegment.copy(x, pass.logitRows()[i] * rowBytes, wanted, i * rowBytes, rowBytes);
        norm.run(wanted, wanted, n);
        head.run(pass, wanted, n, logits);
        pass.scratch().release(mark);
        return logits;
    }

    /** Bytes of scratch for a pass of at most so many rows, of which at most so many want logits. */
    public long scratchBytes(int maxRows, int maxLogitRows) {
        long blocks = 0;
        for (List<Block> layer : layers) for (Block b : layer) blocks = Math.max(blocks, b.scratchBytes(maxRows));
        long last = sizeOf(4L * maxLogitRows * spec.vocabulary())
                + sizeOf(4L * maxLogitRows * spec.dim())
                + head.scratchBytes(maxLogitRows);
        return sizeOf(4L * maxRows * spec.rotary().dim()) + sizeOf(4L * maxRows * spec.dim()) + Math.max(blocks, last);
    }
}
