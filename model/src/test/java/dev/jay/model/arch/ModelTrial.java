// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import dev.jay.kv.AttentionBatch.Span;
import dev.jay.kv.KvCache;
import dev.jay.kv.KvRecipe;
import dev.jay.kv.PageLayout;
import dev.jay.kv.pool.PagePool;
import dev.jay.model.LayerProbe;
import dev.jay.model.ModelSpec;
import dev.jay.model.Pass;
import dev.jay.model.load.Metadata;
import dev.jay.model.load.Weights;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/** A model that runs some sequences in steps; as an engine would, less the engine. */
final class ModelTrial implements AutoCloseable {
    /**
     * What came of every token.
     *
     * @param logits [sequence][token * vocabulary]
     * @param hidden [sequence][(token * layers + layer) * dim]
     */
    record Result(float[][] logits, float[][] hidden) {}

    private static final int MOST_ROWS = 512;

    final ModelSpec spec;
    final Transformer transformer;
    int layerRows = MOST_ROWS; // of a pass that go through a layer at a time
    private final Workers workers;
    private final CpuOps ops;
    private final PagePool pool;
    private final Region region;

    ModelTrial(Machine machine, Metadata metadata, Weights weights, String recipe, int threads) {
        Architecture architecture = Architectures.of(metadata);
        this.spec = architecture.spec(metadata);
        this.workers = Workers.of(threads);
        this.ops = new CpuOps(machine.memory, workers, machine.kernels, MOST_ROWS);
        List<KvRecipe> recipes = Collections.nCopies(spec.layers(), KvRecipe.parse(recipe));
        this.transformer = architecture.build(spec, weights, ops, recipes);
        long pageBytes = PageLayout.leastBytes(spec.kvShape().streams().getFirst(), recipes.getFirst());
        this.pool = new PagePool(machine.memory, 256, pageBytes);
        this.region = machine.memory.reserve("scratch", transformer.scratchBytes(MOST_ROWS, MOST_ROWS));
    }

    KvCache newCache() {
        return new KvCache(spec.kvShape(), transformer.recipes(), pool);
    }

    /** One pass over one sequence; the logits of its last token. */
    float[] next(KvCache cache, int... tokens) {
        int at = cache.settled();
        Span span = new Span(cache, 0, tokens.length, at);
        Pass pass = Pass.of(
                tokens, List.of(span), new int[] {tokens.length - 1}, Numerics.EXACT, new Scratch(region.bytes()));
        float[] logits = transformer.run(pass).toArray(Floats.LAYOUT);
        cache.settle(at + tokens.length);
        return logits;
    }

    /**
     * Runs all sequences, a step at a time.
     *
     * @param drafts tokens that every sequence has too many in every step, and takes back
     */
    Result run(Numerics numerics, int[][] sequences, List<int[]> steps, int drafts) {
        Result result = new Result(new float[sequences.length][], new float[sequences.length][]);
        List<KvCache> caches = new ArrayList<>();
        for (int s = 0; s < sequences.length; s++) {
            caches.add(newCache());
            result.logits[s] = new float[sequences[s].length * spec.vocabulary()];
            result.hidden[s] = new float[sequences[s].length * spec.layers() * spec.dim()];
        }
        for (int[] step : steps) step(numerics, sequences, step, drafts, caches, result);
        caches.forEach(KvCache::close);
        pool.check();
        if (pool.free() != pool.size())
            throw new AssertionError("pages not given back: " + (pool.size() - pool.free()));
        return result;
    }

    private void step(
            Numerics numerics, int[][] sequences, int[] counts, int drafts, List<KvCache> caches, Result result) {
        List<Span> spans = new ArrayList<>();
        List<Integer> tokens = new ArrayList<>();
        for (int s = 0; s < counts.length; s++) {
            if (counts[s] == 0) continue;
            int at = caches.get(s).settled();
            spans.add(new Span(caches.get(s), tokens.size(), counts[s] + drafts, at));
            for (int t = at; t < at + counts[s]; t++) tokens.add(sequences[s][t]);
            for (int d = 0; d < drafts; d++) tokens.add((7 * at + d) % spec.vocabulary());
        }
        int[] ids = tokens.stream().mapToInt(Integer::intValue).toArray();
        int[] all = IntStream.range(0, ids.length).toArray();
        Scratch scratch = new Scratch(region.bytes());
        LayerProbe probe = (layer, x) -> {
            for (Span span : spans)
                hidden(span, drafts, layer, x, result.hidden[caches.indexOf((KvCache) span.source())]);
        };
        MemorySegment logits =
                transformer.run(Pass.of(ids, spans, all, numerics, scratch).withProbe(probe), layerRows);
        boolean isExact = spec.experts().count() == 0; // else less, unless all tokens go to one expert
        isExact &= ids.length <= layerRows; // what attention takes depends on where a part is cut
        long said = transformer.scratchBytes(ids.length, layerRows, ids.length);
        if (isExact ? scratch.peak() != said : scratch.peak() > said) {
            throw new AssertionError("scratch: said=" + said + ", took=" + scratch.peak());
        }
        for (Span span : spans) {
            int s = caches.indexOf((KvCache) span.source());
            int width = spec.vocabulary();
            int count = span.count() - drafts;
            MemorySegment.copy(
                    logits,
                    Floats.LAYOUT,
                    4L * span.row() * width,
                    result.logits[s],
                    span.position() * width,
                    count * width);
            caches.get(s).settle(span.position() + count);
        }
    }

    private void hidden(Span span, int drafts, int layer, MemorySegment x, float[] into) {
        int dim = spec.dim();
        for (int t = 0; t < span.count() - drafts; t++) {
            int to = ((span.position() + t) * spec.layers() + layer) * dim;
            MemorySegment.copy(x, Floats.LAYOUT, 4L * (span.row() + t) * dim, into, to, dim);
        }
    }

    @Override
    public void close() {
        region.close();
        pool.close();
        ops.close();
        workers.close();
    }
}
