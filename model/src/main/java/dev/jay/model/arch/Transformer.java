// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import static dev.jay.tensor.memory.Scratch.sizeOf;

import dev.jay.kv.AttentionBatch.Span;
import dev.jay.kv.KvRecipe;
import dev.jay.kv.KvStream;
import dev.jay.kv.WholeText;
import dev.jay.model.Block;
import dev.jay.model.ModelSpec;
import dev.jay.model.ModelSpec.Rotary;
import dev.jay.model.Pass;
import dev.jay.model.block.Embedding;
import dev.jay.model.block.Norm;
import dev.jay.model.block.Rotation;
import dev.jay.model.load.Weights;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * A built model: embedding, the blocks of each layer, norm, head. The whole forward pass is {@link #run}. An encoder has
 * neither norm nor head: its rows are what the last layer leaves. Borrows its weights and its ops. Confined to the engine
 * thread.
 */
public final class Transformer {
    private final ModelSpec spec;
    private final List<KvRecipe> recipes;
    private final Weights weights;
    private final Embedding embedding;
    private final List<Rotation> rotations;
    private final List<Block> entry;
    private final List<List<Block>> layers;
    private final Norm norm;
    private final Head head;

    /**
     * @param rotaries all ways of turning that the layers have
     * @param entry    what is done to embeddings before the first layer
     * @param norm     null in an encoder, as the head
     */
    Transformer(
            ModelSpec spec,
            List<KvRecipe> recipes,
            Weights weights,
            Embedding embedding,
            List<Rotary> rotaries,
            List<Block> entry,
            List<List<Block>> layers,
            Norm norm,
            Head head) {
        this.spec = spec;
        this.recipes = List.copyOf(recipes);
        this.weights = weights;
        this.embedding = embedding;
        this.rotations = rotaries.stream().map(Rotation::new).toList();
        this.entry = List.copyOf(entry);
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
     * them and some not: settle to what was settled before. An encoder makes the sources of its spans itself, each a text
     * as a whole; the texts of a pass come to at most the tokens, rounded up to {@link WholeText#slots}, that its scratch
     * is for.
     *
     * @return logits[logit rows][vocabulary] f32, in the pass's scratch, until the caller releases it below
     */
    public MemorySegment run(Pass given) {
        return run(given, Math.max(1, given.rows()));
    }

    /**
     * As {@link #run(Pass)}, at most so many rows at a time through each layer where that can be: less room, and the
     * weights of a layer are held once for all of them. In exact mode no bit differs.
     */
    public MemorySegment run(Pass given, int mostRows) {
        weights.hold(Weights.ROOT);
        try {
            Pass pass = turned(given);
            if (spec.isEncoder()) pass = pass.withSpans(texts(pass));
            MemorySegment x = enter(pass);
            for (int layer = 0; layer < layers.size(); layer++) {
                layer(layer, layers.get(layer), pass, x, mostRows);
                pass.probe().after(layer, x);
            }
            MemorySegment logits = logits(pass, x);
            if (pass.probe().wantsNormed()) showNormed(pass, x);
            return logits;
        } finally {
            weights.release(Weights.ROOT);
        }
    }

    /**
     * Runs the pass through the first {@code count} layers, of the last of them its attention only: what is left is what that
     * layer has shown to its sources. They have streams for these layers, and need no others.
     */
    public void runBeginning(Pass given, int mostRows, int count) {
        weights.hold(Weights.ROOT);
        try {
            Pass pass = turned(given);
            MemorySegment x = enter(pass);
            for (int layer = 0; layer < count; layer++) {
                List<Block> blocks = layers.get(layer);
                layer(layer, layer < count - 1 ? blocks : blocks.subList(0, 1), pass, x, mostRows);
            }
        } finally {
            weights.release(Weights.ROOT);
        }
    }

    /** With the angles of its positions. */
    private Pass turned(Pass pass) {
        List<MemorySegment> tables = new ArrayList<>(rotations.size());
        for (Rotation r : rotations) tables.add(r.table(pass));
        return pass.withRotations(tables);
    }

    /** Rows of the pass as the first layer takes them. */
    private MemorySegment enter(Pass pass) {
        MemorySegment x = pass.floats(spec.dim());
        embedding.run(pass.tokens(), x);
        for (Block block : entry) block.run(pass, x);
        return x;
    }

    /** Every row of an encoder looks at those after it; a codec of groups takes what a pass appends at once. */
    private boolean canRunInParts() {
        return !spec.isEncoder() && recipes.stream().allMatch(r -> r.group() == 1);
    }

    private void layer(int layer, List<Block> blocks, Pass pass, MemorySegment x, int mostRows) {
        weights.hold(layer);
        try {
            run(blocks, pass, x, mostRows);
        } finally {
            weights.release(layer);
        }
    }

    private void run(List<Block> blocks, Pass pass, MemorySegment x, int mostRows) {
        if (pass.rows() <= mostRows || !canRunInParts()) {
            for (Block block : blocks) block.run(pass, x);
            return;
        }
        for (int from = 0; from < pass.rows(); from += mostRows) {
            Pass part = pass.part(from, Math.min(mostRows, pass.rows() - from));
            MemorySegment rows = x.asSlice(4L * from * spec.dim(), 4L * part.rows() * spec.dim());
            for (Block block : blocks) block.run(part, rows);
        }
    }

    private List<Span> texts(Pass pass) {
        List<Span> texts = new ArrayList<>();
        for (Span span : pass.spans()) {
            if (span.position() != 0 || span.count() > spec.contextLength()) {
                throw new IllegalArgumentException("an encoder takes a text as a whole: position=" + span.position()
                        + ", tokens=" + span.count() + ", allowed: from 0, at most " + spec.contextLength());
            }
            MemorySegment room = pass.scratch().take(WholeText.bytes(stream(), span.count()));
            texts.add(new Span(new WholeText(stream(), span.count(), room), span.row(), span.count(), 0));
        }
        return texts;
    }

    private KvStream stream() {
        return new KvStream(spec.kvHeads(), spec.headDim(), spec.headDim());
    }

    /** In place: nobody needs the rows as they were any more. */
    private void showNormed(Pass pass, MemorySegment x) {
        if (norm != null) norm.run(x, x, pass.rows());
        pass.probe().normed(x);
    }

    private MemorySegment logits(Pass pass, MemorySegment x) {
        int n = pass.logitRows().length;
        if (n == 0) return pass.scratch().floats(0);
        if (head == null)
            throw new IllegalArgumentException("an encoder has no logits: architecture=" + spec.architecture());
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
        return scratchBytes(maxRows, maxRows, maxLogitRows);
    }

    /** As {@link #scratchBytes(int, int)}, with at most so many rows at a time through a layer. */
    public long scratchBytes(int maxRows, int mostRows, int maxLogitRows) {
        int atOnce = canRunInParts() ? Math.min(maxRows, mostRows) : maxRows;
        long blocks = 0;
        for (Block b : entry) blocks = Math.max(blocks, b.scratchBytes(maxRows));
        for (List<Block> layer : layers) for (Block b : layer) blocks = Math.max(blocks, b.scratchBytes(atOnce));
        long last = head == null
                ? 0
                : sizeOf(4L * maxLogitRows * spec.vocabulary())
                        + sizeOf(4L * maxLogitRows * spec.dim())
                        + head.scratchBytes(maxLogitRows);
        long tables = 0;
        for (Rotation r : rotations) tables += r.tableBytes(maxRows);
        long texts = spec.isEncoder() ? WholeText.bytes(stream(), maxRows) : 0;
        return tables + texts + sizeOf(4L * maxRows * spec.dim()) + Math.max(blocks, last);
    }
}
