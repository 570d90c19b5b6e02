// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.kv.AttentionBatch.Span;
import dev.jay.kv.KvCache;
import dev.jay.kv.KvRecipe;
import dev.jay.kv.KvShape;
import dev.jay.kv.KvSource;
import dev.jay.kv.PageLayout;
import dev.jay.kv.pool.PagePool;
import dev.jay.kv.prefix.Stride;
import dev.jay.model.HiddenRows;
import dev.jay.model.LayerProbe;
import dev.jay.model.Pass;
import dev.jay.model.arch.Transformer;
import dev.jay.tensor.kernel.Numerics;
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
    private final KvShape shape;
    private final int vocabulary;
    private final int mostTokens;
    private final int layerRows;
    private final int mostRows;
    private final PagePool pool;
    private final Region scratchBytes;
    private final Scratch scratch;

    /** @param source what passes see of it */
    private record Cache(KvCache kv, KvSource source) implements SequenceCache {
        @Override
        public int length() {
            return kv.settled();
        }

        @Override
        public int strideTokens() {
            return kv.strideTokens();
        }

        @Override
        public Stride stride(int index) {
            return kv.stride(index);
        }

        @Override
        public void adopt(Stride stride, int tokens) {
            kv.adopt(stride, tokens);
        }

        @Override
        public void replace(int index, Stride same) {
            kv.replace(index, same);
        }

        @Override
        public void promptsEnd(int... places) {
            kv.promptsEnd(places);
        }

        @Override
        public int nextEnd() {
            return kv.nextEnd();
        }

        @Override
        public void close() {
            kv.close();
        }
    }

    /**
     * @param transformers  one a mode, of the same weights
     * @param contextLength tokens of a full sequence
     * @param parallel      full sequences that the pages hold, in the mode that takes fewer; at least one in any mode
     * @param layerRows     tokens of a step that go through a layer at a time
     * @param adapters      that sequences may run with; borrowed
     */
    TransformerForward(
            Map<Numerics, Transformer> transformers,
            Memory memory,
            int contextLength,
            int parallel,
            int stepTokens,
            int layerRows,
            Adapters adapters) {
        this.transformers = new EnumMap<>(transformers);
        this.adapters = adapters;
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
                int pages = KvCache.pagesFor(contextLength, shape, t.recipes(), pageBytes);
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
            return KvCache.pagesFor(tokens, shape, each, pageBytes) * pageBytes;
        }

        long kvBytes() {
            return Math.multiplyExact(pages, pageBytes);
        }

        /** What one sequence of so many tokens comes to. */
        long kvBytes(Transformer of, int tokens) {
            return KvCache.pagesFor(tokens, of.spec().kvShape(), of.recipes(), pageBytes) * pageBytes;
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
        return KvCache.pagesFor(tokens, shape, transformers.get(numerics).recipes(), pool.pageBytes());
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
                .anyMatch(r -> r.eviction().isPresent());
    }

    @Override
    public boolean selects(Numerics numerics) {
        return transformers.get(numerics).recipes().stream()
                .anyMatch(r -> r.selection().isPresent());
    }

    @Override
    public SequenceCache open(Numerics numerics) {
        return open(numerics, kv -> kv);
    }

    /** With something between a cache and the passes that use it. */
    SequenceCache open(Numerics numerics, Function<KvSource, KvSource> around) {
        return open(transformers.get(numerics).recipes(), around);
    }

    /** Of recipes that differ from those that were bound in what is forgotten, and take no more pages. */
    SequenceCache open(List<KvRecipe> each, Function<KvSource, KvSource> around) {
        KvCache kv = new KvCache(shape, each, pool);
        return new Cache(kv, around.apply(kv));
    }

    @Override
    public MemorySegment run(Numerics numerics, List<Slice> slices) {
        int n = slices.stream().mapToInt(Slice::count).sum();
        int[] tokens = new int[n];
        int[] logitRows = new int[slices.stream().mapToInt(Slice::rows).sum()];
        List<Span> spans = new ArrayList<>(slices.size());
        int row = 0;
        int wanted = 0;
        for (Slice s : slices) {
            spans.add(new Span(((Cache) s.cache()).source(), row, s.count(), s.from()));
            System.arraycopy(s.tokens(), s.from(), tokens, row, s.count());
            for (int place = s.logitsFrom(); place < s.from() + s.count(); place++) {
                logitRows[wanted++] = row + place - s.from();
            }
            row += s.count();
        }
        scratch.release(0);
        try {
            Pass pass = Pass.of(tokens, spans, logitRows, numerics, scratch)
                    .withAdapters(
                            slices.stream().map(s -> adapters.of(s.adapters())).toList());
            if (slices.stream().anyMatch(s -> s.hidden() != null)) pass = pass.withProbe(new Rows(slices));
            MemorySegment logits = transformers.get(numerics).run(pass, layerRows);
            for (Slice s : slices) ((Cache) s.cache()).kv().settle(s.from() + s.count());
            return logits;
        } catch (RuntimeException | Error e) {
            for (Slice s : slices) {
                KvCache kv = ((Cache) s.cache()).kv();
                kv.settle(kv.settled());
            }
            throw e;
        }
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
