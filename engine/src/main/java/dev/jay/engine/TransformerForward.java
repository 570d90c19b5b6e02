// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.kv.AttentionBatch.Span;
import dev.jay.kv.KvCache;
import dev.jay.kv.KvRecipe;
import dev.jay.kv.KvShape;
import dev.jay.kv.KvSource;
import dev.jay.kv.PageLayout;
import dev.jay.kv.filter.KvFilter;
import dev.jay.kv.pool.PagePool;
import dev.jay.model.Adapter;
import dev.jay.model.HiddenRows;
import dev.jay.model.LayerProbe;
import dev.jay.model.Pass;
import dev.jay.model.arch.Transformer;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Passes run here, by one transformer for each numerics mode (the modes may keep keys and values differently; their
 * weights are the same). Owns the pages and the working space; borrows the transformers.
 */
final class TransformerForward implements Forward {
    private static final long MOST_LOGIT_BYTES = 16L << 20;
    private static final int LEAST_ROWS = 8;

    private final Map<Numerics, Transformer> transformers;
    private final Adapters adapters;
    private final Ops ops;
    private final KvShape shape;
    private final int vocabulary;
    private final int mostTokens;
    private final int layerRows;
    private final int mostRows;
    private final PagePool pool;
    private final Region scratchBytes;
    private final Scratch scratch;

    /**
     * @param transformers  one a mode, of the same weights
     * @param contextLength tokens of a full sequence
     * @param parallel      full sequences that the pages hold, in the mode that takes fewer; at least one in any mode
     * @param layerRows     tokens of a step that go through a layer at a time
     * @param adapters      that sequences may run with; borrowed
     * @param ops           what the transformers run on; borrowed
     */
    TransformerForward(
            Map<Numerics, Transformer> transformers,
            Memory memory,
            int contextLength,
            int parallel,
            int stepTokens,
            int layerRows,
            Adapters adapters,
            Ops ops) {
        this.transformers = new EnumMap<>(transformers);
        this.adapters = adapters;
        this.ops = ops;
        Transformer any = transformers.values().iterator().next();
        this.shape = any.spec().kvShape();
        this.vocabulary = any.spec().vocabulary();
        this.mostTokens = stepTokens;
        this.layerRows = layerRows;
        Sizes sizes = Sizes.of(this.transformers.values(), contextLength, parallel, stepTokens, layerRows);
        this.mostRows = sizes.mostRows();
        this.pool = new PagePool(memory, sizes.pages(), sizes.pageBytes());
        try {
            this.scratchBytes = memory.reserve("scratch", sizes.scratchBytes());
            scratchBytes.inHugePages(); // rows are written with strides of many pages
        } catch (RuntimeException e) {
            pool.close();
            throw e;
        }
        this.scratch = new Scratch(scratchBytes.bytes());
    }

    /** What it takes, before it takes it. */
    record Sizes(int mostRows, long pageBytes, int pages, long scratchBytes) {
        static Sizes of(
                Collection<Transformer> transformers, int contextLength, int parallel, int stepTokens, int layerRows) {
            Transformer any = transformers.iterator().next();
            KvShape shape = any.spec().kvShape();
            long rows = MOST_LOGIT_BYTES / (4L * any.spec().vocabulary());
            int mostRows = Math.clamp(rows, Math.min(LEAST_ROWS, layerRows), layerRows);
            long pageBytes = pageBytes(transformers, shape);
            long fewest = Long.MAX_VALUE;
            long most = 0;
            long working = 0;
            for (Transformer t : transformers) {
                int pages = pagesFor(contextLength, shape, t.recipes(), pageBytes);
                fewest = Math.min(fewest, pages);
                most = Math.max(most, pages);
                working = Math.max(working, t.scratchBytes(stepTokens, layerRows, mostRows));
            }
            int pages = Math.toIntExact(Math.max(most, Math.multiplyExact(fewest, parallel)));
            return new Sizes(mostRows, pageBytes, pages, working);
        }

        /** The smallest page that holds a tile of every stream in every mode. */
        private static long pageBytes(Collection<Transformer> transformers, KvShape shape) {
            long bytes = 0;
            for (Transformer t : transformers) bytes = Math.max(bytes, pageBytes(t.recipes(), shape));
            return bytes;
        }

        private static long pageBytes(List<KvRecipe> recipes, KvShape shape) {
            long bytes = 64;
            for (int s = 0; s < recipes.size(); s++) {
                bytes = Math.max(bytes, PageLayout.leastBytes(shape.streams().get(s), recipes.get(s)));
            }
            return bytes;
        }

        /** What one sequence of so many tokens comes to where both modes keep keys and values alike. */
        static long kvBytes(KvShape shape, List<KvRecipe> each, int tokens) {
            long pageBytes = pageBytes(each, shape);
            return pagesFor(tokens, shape, each, pageBytes) * pageBytes;
        }

        long kvBytes() {
            return Math.multiplyExact(pages, pageBytes);
        }

        /** What one sequence of so many tokens comes to. */
        long kvBytes(Transformer of, int tokens) {
            return pagesFor(tokens, of.spec().kvShape(), of.recipes(), pageBytes) * pageBytes;
        }
    }

    @Override
    public int vocabulary() {
        return vocabulary;
    }

    @Override
    public int mostTokens() {
        return mostTokens;
    }

    @Override
    public int mostRows() {
        return mostRows;
    }

    @Override
    public PagePool pool() {
        return pool;
    }

    @Override
    public int pagesFor(int tokens, Numerics numerics) {
        return pagesFor(tokens, shape, transformers.get(numerics).recipes(), pool.pageBytes());
    }

    private static int pagesFor(int tokens, KvShape shape, List<KvRecipe> recipes, long pageBytes) {
        return filter(recipes)
                .map(f -> FilteredCache.pagesFor(f, tokens, shape, recipes, pageBytes))
                .orElseGet(() -> KvCache.pagesFor(tokens, shape, recipes, pageBytes));
    }

    @Override
    public int strideTokens(Numerics numerics) {
        return KvCache.strideTokens(shape, transformers.get(numerics).recipes(), pool.pageBytes());
    }

    @Override
    public int stridePages(Numerics numerics) {
        return KvCache.stridePages(shape, transformers.get(numerics).recipes(), pool.pageBytes());
    }

    @Override
    public boolean forgets(Numerics numerics) {
        return transformers.get(numerics).recipes().stream()
                .anyMatch(r -> r.eviction().isPresent() || r.filter().isPresent());
    }

    @Override
    public int pure(Numerics numerics, int promptEnd) {
        int pure = Integer.MAX_VALUE;
        for (KvRecipe r : transformers.get(numerics).recipes()) {
            if (r.selection().isPresent()) pure = Math.min(pure, promptEnd);
            if (r.readsLessOfPrompts()) {
                pure = Math.min(pure, r.prefill().orElseThrow().stretches().end(promptEnd));
            }
        }
        return pure;
    }

    @Override
    public int mostUnfiltered(Numerics numerics) {
        return filter(transformers.get(numerics).recipes())
                .map(f -> f.passing().tokens())
                .orElse(Integer.MAX_VALUE);
    }

    @Override
    public SequenceCache open(Numerics numerics) {
        List<KvRecipe> recipes = transformers.get(numerics).recipes();
        return filter(recipes)
                .<SequenceCache>map(f -> new FilteredCache(f, shape, recipes, pool, () -> open(numerics, kv -> kv)))
                .orElseGet(() -> open(numerics, kv -> kv));
    }

    /** Of a model whose layers keep keys and values so: a prompt is filtered for all of them at once. */
    private static Optional<KvFilter> filter(List<KvRecipe> recipes) {
        return recipes.isEmpty() ? Optional.empty() : recipes.getFirst().filter();
    }

    /** With something between a cache and the passes that use it. */
    PagedCache open(Numerics numerics, Function<KvSource, KvSource> around) {
        return open(transformers.get(numerics).recipes(), around);
    }

    /** Of recipes that differ from those that were bound in what is forgotten, and take no more pages. */
    PagedCache open(List<KvRecipe> each, Function<KvSource, KvSource> around) {
        KvCache kv = new KvCache(shape, each, pool);
        return new PagedCache(kv, around.apply(kv));
    }

    @Override
    public MemorySegment run(Numerics numerics, List<Slice> slices) {
        try {
            List<Slice> whole = new ArrayList<>();
            for (Slice s : slices) {
                Slice rest = s.cache() instanceof FilteredCache f ? filtered(numerics, f, s) : s;
                if (rest != null) whole.add(rest);
            }
            scratch.release(0);
            MemorySegment logits = whole.isEmpty() ? scratch.floats(0) : runWhole(numerics, whole);
            for (Slice s : slices) settle(s.cache(), s.from() + s.count());
            return logits;
        } catch (RuntimeException | Error e) {
            for (Slice s : slices) takeBack(s.cache());
            throw e;
        }
    }

    @Override
    public int greatest(MemorySegment row) {
        return ops.argMax(row, vocabulary);
    }

    private static void settle(SequenceCache cache, int tokens) {
        if (cache instanceof FilteredCache f) f.settle(tokens);
        else ((PagedCache) cache).kv().settle(tokens);
    }

    private static void takeBack(SequenceCache cache) {
        if (cache instanceof FilteredCache f) {
            f.takeBack();
            return;
        }
        KvCache kv = ((PagedCache) cache).kv();
        kv.settle(kv.settled());
    }

    /** Through all layers, the rows of all slices side by side. */
    private MemorySegment runWhole(Numerics numerics, List<Slice> slices) {
        int n = 0;
        int rows = 0;
        boolean isWatched = false;
        for (Slice s : slices) { // no streams: this is on the way of every token, and long before it is compiled
            n += s.count();
            rows += s.rows();
            isWatched |= s.hidden() != null;
        }
        int[] tokens = new int[n];
        int[] logitRows = new int[rows];
        List<Adapter> with = new ArrayList<>(slices.size());
        List<Span> spans = new ArrayList<>(slices.size());
        int row = 0;
        int wanted = 0;
        for (Slice s : slices) {
            spans.add(new Span(((PagedCache) s.cache()).source(), row, s.count(), s.from()));
            with.add(adapters.of(s.adapters()));
            System.arraycopy(s.tokens(), s.from(), tokens, row, s.count());
            for (int place = s.logitsFrom(); place < s.from() + s.count(); place++) {
                logitRows[wanted++] = row + place - s.from();
            }
            row += s.count();
        }
        Pass pass = Pass.of(tokens, spans, logitRows, numerics, scratch).withAdapters(with);
        if (isWatched) pass = pass.withProbe(new Rows(slices));
        return transformers.get(numerics).run(pass, layerRows);
    }

    /**
     * What of a slice runs through all layers. Before the prompt's end that is nothing: its tokens go through the first ones
     * here. At its end those that pass begin anew, all but the last of them here; no more are left than the slice had.
     *
     * @return null for nothing
     */
    private Slice filtered(Numerics numerics, FilteredCache cache, Slice s) {
        if (!cache.isFiltering()) {
            int from = s.from() - cache.dropped();
            int[] tokens = new int[from + s.count()];
            System.arraycopy(s.tokens(), s.from(), tokens, from, s.count());
            int logitsFrom = s.logitsFrom() - cache.dropped();
            return new Slice(cache.rest(), tokens, from, s.count(), logitsFrom, s.hidden(), s.adapters());
        }
        if (cache.layers() > 0) {
            scratch.release(0);
            int[] tokens = Arrays.copyOfRange(s.tokens(), s.from(), s.from() + s.count());
            Pass pass = Pass.of(
                            tokens,
                            List.of(new Span(cache.watched(), 0, s.count(), s.from())),
                            new int[0],
                            numerics,
                            scratch)
                    .withAdapters(List.of(adapters.of(s.adapters())));
            transformers.get(numerics).runBeginning(pass, layerRows, cache.layers());
        }
        if (s.from() + s.count() < cache.prompt()) return null;
        int[] passed = cache.choose(s.tokens());
        int last = passed.length - Math.min(passed.length, s.count());
        for (int from = 0; from < last; ) {
            int to = Math.min(last, from + mostTokens);
            scratch.release(0);
            runWhole(numerics, List.of(new Slice(cache.rest(), passed, from, to - from, to, null, s.adapters())));
            cache.rest().kv().settle(to);
            from = to;
        }
        int logitsFrom = passed.length - s.rows();
        return new Slice(cache.rest(), passed, last, passed.length - last, logitsFrom, null, s.adapters());
    }

    /** Runs whole texts through an encoder, and hands out the rows of each. */
    void encode(Numerics numerics, List<int[]> texts, List<HiddenRows> takers) {
        List<Slice> slices = new ArrayList<>();
        List<Span> spans = new ArrayList<>();
        int row = 0;
        for (int i = 0; i < texts.size(); i++) {
            int[] text = texts.get(i);
            slices.add(new Slice(null, text, 0, text.length, text.length, takers.get(i), AdapterMix.NONE));
            spans.add(new Span(null, row, text.length, 0));
            row += text.length;
        }
        int[] tokens = texts.stream().flatMapToInt(Arrays::stream).toArray();
        scratch.release(0);
        Pass pass = Pass.of(tokens, spans, new int[0], numerics, scratch);
        transformers.get(numerics).run(pass.withProbe(new Rows(slices)));
    }

    /** Hands out the rows of those who want them. */
    private record Rows(List<Slice> slices) implements LayerProbe {
        @Override
        public void after(int layer, MemorySegment x) {}

        @Override
        public boolean wantsNormed() {
            return true;
        }

        @Override
        public void normed(MemorySegment x) {
            long rowBytes =
                    x.byteSize() / slices.stream().mapToInt(Slice::count).sum();
            long at = 0;
            for (Slice s : slices) {
                long bytes = s.count() * rowBytes;
                if (s.hidden() != null) s.hidden().take(s.from(), s.count(), x.asSlice(at, bytes));
                at += bytes;
            }
        }
    }

    @Override
    public void close() {
        scratchBytes.close();
        pool.close();
    }
}
