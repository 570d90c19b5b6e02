// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.evict.KvEviction;
import dev.jay.kv.pool.PagePool;
import dev.jay.kv.prefix.Stride;
import dev.jay.kv.prefix.Strided;
import dev.jay.tensor.kernel.Ops;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;

/**
 * The keys and values of one sequence, in pages leased from a pool as tokens arrive. What a pass appends is provisional:
 * {@link #settle} keeps some of it and takes the rest back. Closing gives every page back. Confined to the engine thread.
 */
public final class KvCache implements KvSource, Strided, AutoCloseable {
    private final KvShape shape;
    private final PagePool pool;
    private final StreamTable[] streams;
    private final PromptPatterns[] patterns; // null where a prompt's queries read everything
    private final int strideTokens;
    private final int group; // the greatest of any stream: pages are shared up to the end of one
    private int settled;
    private boolean closed;

    /** Empty; holds no page yet. The pool is borrowed. */
    public KvCache(KvShape shape, List<KvRecipe> recipes, PagePool pool) {
        checkOneEach(shape, recipes);
        this.shape = shape;
        this.pool = pool;
        this.streams = new StreamTable[recipes.size()];
        this.patterns = new PromptPatterns[recipes.size()];
        this.group = recipes.stream().mapToInt(KvCache::begins).max().orElse(1);
        for (int s = 0; s < streams.length; s++) {
            KvStream stream = shape.streams().get(s);
            KvRecipe recipe = recipes.get(s);
            streams[s] = table(s, stream, recipe, pool);
            if (recipe.readsLessOfPrompts()) patterns[s] = new PromptPatterns(streams[s].rows(), stream, recipe, pool);
        }
        this.strideTokens = strideTokens(shape, recipes, pool.pageBytes());
    }

    private static StreamTable table(int s, KvStream stream, KvRecipe recipe, PagePool pool) {
        if (recipe.group() > 1) return new GroupTable(s, stream, recipe, pool);
        if (recipe.isByHead()) return new HeadTables(s, stream, recipe, pool);
        if (recipe.eviction().isPresent()) return new EvictingTable(s, stream, recipe, pool);
        if (recipe.selection().isPresent()) return new SelectingTable(s, stream, recipe, pool);
        return new PageTable(s, stream, recipe, pool);
    }

    /**
     * The same history once more, in pages of its own: from here on both go on apart. Of a recipe that forgets, and reads
     * all of what it keeps; between steps.
     *
     * @param promptEnds where prompts end in what is to come of the copy, as {@link #promptsEnd}
     */
    public KvCache copy(int... promptEnds) {
        for (StreamTable s : streams) {
            if (s.length() != settled) throw new IllegalStateException("kv copy within a step, settled=" + settled);
        }
        List<KvRecipe> recipes = Arrays.stream(streams).map(StreamTable::recipe).toList();
        KvCache copy = new KvCache(shape, recipes, pool);
        try {
            copy.promptsEnd(promptEnds);
            for (int s = 0; s < streams.length; s++) {
                if (patterns[s] != null) throw new IllegalStateException("kv copy: what is known of a prompt is not");
                copy.streams[s].take(streams[s]);
            }
            copy.settled = settled;
            return copy;
        } catch (RuntimeException e) {
            copy.close();
            throw e;
        }
    }

    /** At whose multiples rows of others may end. */
    private static int begins(KvRecipe recipe) {
        if (!recipe.readsLessOfPrompts()) return recipe.group();
        return recipe.prefill().orElseThrow().stretches().every();
    }

    /** Tokens after which the pages of every stream end together. */
    public static int strideTokens(KvShape shape, List<KvRecipe> recipes, long pageBytes) {
        checkOneEach(shape, recipes);
        int stride = 1;
        for (int s = 0; s < recipes.size(); s++) {
            int slots = PageLayout.of(shape.streams().get(s), recipes.get(s), pageBytes)
                    .slots();
            stride = Math.multiplyExact(stride / gcd(stride, slots), slots);
            int begins = begins(recipes.get(s));
            stride = Math.multiplyExact(stride / gcd(stride, begins), begins);
        }
        return stride;
    }

    /** Pages of coded tokens that such a stride has, of all streams: what is shared. */
    public static int stridePages(KvShape shape, List<KvRecipe> recipes, long pageBytes) {
        int tokens = strideTokens(shape, recipes, pageBytes);
        int pages = 0;
        for (int s = 0; s < recipes.size(); s++) {
            PageLayout layout = PageLayout.of(shape.streams().get(s), recipes.get(s), pageBytes);
            pages = Math.addExact(pages, layout.pagesFor(tokens));
        }
        return pages;
    }

    private static int gcd(int a, int b) {
        return b == 0 ? a : gcd(b, a % b);
    }

    /**
     * The most pages a cache comes to hold while it has at most so many tokens: exactly what it holds where every row is
     * coded as it comes, with its summaries where queries select; where groups are sealed, with both tails.
     */
    public static int pagesFor(int tokens, KvShape shape, List<KvRecipe> recipes, long pageBytes) {
        return pages(tokens, shape, recipes, pageBytes, e -> EvictingTable.mostSlots(e, tokens), true);
    }

    /** The most pages a cache holds when a prompt of so many tokens has ended, and with it what is forgotten, or did not pass. */
    public static int pagesBehindPrompt(int prompt, KvShape shape, List<KvRecipe> recipes, long pageBytes) {
        int tokens = recipes.stream()
                .flatMap(r -> r.filter().stream())
                .mapToInt(f -> Math.min(prompt, f.passing().tokens()))
                .min()
                .orElse(prompt);
        return pages(
                tokens,
                shape,
                recipes,
                pageBytes,
                e -> Math.min(tokens, e.budget().tokens()),
                false);
    }

    /**
     * @param kept     slots of heads that forget
     * @param inPrompt whether a prompt may be on its way still: what is known of it until then counts
     */
    private static int pages(
            int tokens,
            KvShape shape,
            List<KvRecipe> recipes,
            long pageBytes,
            ToIntFunction<KvEviction> kept,
            boolean inPrompt) {
        checkOneEach(shape, recipes);
        int pages = 0;
        for (int s = 0; s < recipes.size(); s++) {
            KvStream stream = shape.streams().get(s);
            KvRecipe recipe = recipes.get(s);
            PageLayout layout = PageLayout.of(stream, recipe, pageBytes);
            int slots = recipe.eviction().map(kept::applyAsInt).orElse(tokens);
            int more = recipe.isByHead()
                    ? HeadTables.pagesFor(tokens, slots, stream, recipe, layout, pageBytes)
                    : recipe.eviction().isPresent()
                            ? EvictingTable.pagesFor(slots, stream.heads(), recipe, layout, pageBytes)
                            : layout.pagesFor(tokens);
            pages = Math.addExact(pages, more);
            if (recipe.selection().isPresent()) {
                pages = Math.addExact(
                        pages,
                        UnitSummaries.pagesFor(
                                tokens, stream, recipe, recipe.selection().get(), pageBytes));
            }
            if (inPrompt && recipe.readsLessOfPrompts()) {
                pages = Math.addExact(pages, PromptPatterns.pagesFor(tokens, stream, recipe, pageBytes));
            }
            int group = recipe.group();
            if (group == 1) continue;
            PageLayout tail = PageLayout.of(stream, KvRecipe.TAIL, pageBytes);
            pages = Math.addExact(pages, 2 * tail.pagesFor(Math.min(tokens, group)));
        }
        return pages;
    }

    private static void checkOneEach(KvShape shape, List<KvRecipe> recipes) {
        if (recipes.size() != shape.streams().size()) {
            throw new IllegalArgumentException("kv recipes: wanted one for each stream: streams="
                    + shape.streams().size() + ", recipes=" + recipes.size());
        }
        for (int s = 0; s < recipes.size(); s++)
            recipes.get(s).checkHeads(shape.streams().get(s));
    }

    @Override
    public void append(int stream, int position, int count, MemorySegment keys, MemorySegment values) {
        append(stream, position, count, keys, values, EachToken.HERE);
    }

    @Override
    public void append(int stream, int position, int count, MemorySegment keys, MemorySegment values, Ops ops) {
        append(stream, position, count, keys, values, EachToken.on(ops));
    }

    private void append(int stream, int position, int count, MemorySegment keys, MemorySegment values, EachToken each) {
        if (closed) throw new IllegalStateException("kv append to a closed cache: stream=" + stream);
        streams[stream].append(position, count, keys, values, each);
        if (patterns[stream] != null) patterns[stream].resize(streams[stream].length());
    }

    /**
     * Ends a step: the first {@code length} tokens are history from now on, later ones are taken back from every stream.
     * After a pass that failed half-way, {@code settle(settled())} makes the cache what it was before.
     *
     * @param length at least {@link #settled}, at most the tokens that every stream has
     */
    public void settle(int length) {
        int most = Integer.MAX_VALUE;
        for (StreamTable s : streams) most = Math.min(most, s.length());
        if (length < settled || length > most) {
            throw new IllegalArgumentException(
                    "kv settle: length=" + length + ", allowed=[" + settled + ", " + most + "]");
        }
        for (StreamTable s : streams) s.settle(length);
        for (PromptPatterns p : patterns) if (p != null) p.settle(length);
        settled = length;
    }

    /**
     * Where prompts end in what is to come: places where a recipe may have tokens forgotten, the last of which is where
     * queries begin to read only what they select. Before the first token comes.
     */
    public void promptsEnd(int... places) {
        if (settled > 0) throw new IllegalStateException("kv prompts end: tokens came already, settled=" + settled);
        for (StreamTable s : streams) s.promptsEnd(places);
        for (PromptPatterns p : patterns) if (p != null) p.promptsEnd(places);
    }

    /** The place where the next step must end if it comes so far, because tokens are forgotten there. */
    public int nextEnd() {
        int next = Integer.MAX_VALUE;
        for (StreamTable s : streams) next = Math.min(next, s.nextEnd(settled));
        return next;
    }

    /** Tokens that are history. */
    public int settled() {
        return settled;
    }

    /** Pages held now. */
    public int pages() {
        int pages = 0;
        for (StreamTable s : streams) pages += s.pageCount();
        for (PromptPatterns p : patterns) if (p != null) pages += p.pageCount();
        return pages;
    }

    @Override
    public int strideTokens() {
        return strideTokens;
    }

    @Override
    public Stride stride(int index) {
        int from = Math.multiplyExact(index, strideTokens);
        int to = Math.min(settled / group * group, from + strideTokens);
        if (index < 0 || settled <= from) {
            throw new IllegalArgumentException(
                    "kv stride: index=" + index + ", strideTokens=" + strideTokens + ", settled=" + settled);
        }
        if (to <= from) return new Stride(0, new int[0]);
        int[] pages = new int[pagesFor(to - from)];
        int at = 0;
        for (StreamTable s : streams) {
            s.pagesOf(from, to, pages, at);
            at += s.layout().pagesFor(to - from);
        }
        return new Stride(to - from, pages);
    }

    @Override
    public void adopt(Stride stride, int wanted) {
        int tokens = wanted / group * group;
        if (wanted > 0 && tokens == 0) return;
        if (closed || settled % strideTokens != 0 || tokens < 1 || tokens > stride.tokens()) {
            throw new IllegalArgumentException("kv adopt: tokens=" + tokens + ", the stride's=" + stride.tokens()
                    + ", settled=" + settled + ", strideTokens=" + strideTokens + ", closed=" + closed);
        }
        int at = 0;
        for (StreamTable s : streams) {
            if (tokens == strideTokens) s.share(stride.pages(), at, tokens);
            else s.copy(stride.pages(), at, tokens);
            at += s.layout().pagesFor(stride.tokens());
        }
        settled += tokens;
        for (PromptPatterns p : patterns) if (p != null) p.resize(settled);
    }

    @Override
    public void replace(int index, Stride same) {
        if (same.tokens() != strideTokens || (long) (index + 1) * strideTokens > settled) {
            throw new IllegalArgumentException("kv replace: index=" + index + ", tokens=" + same.tokens()
                    + ", strideTokens=" + strideTokens + ", settled=" + settled);
        }
        int at = 0;
        for (StreamTable s : streams) {
            s.replace(index * strideTokens, same.pages(), at, strideTokens);
            at += s.layout().pagesFor(strideTokens);
        }
    }

    private int pagesFor(int tokens) {
        int pages = 0;
        for (StreamTable s : streams) pages += s.layout().pagesFor(tokens);
        return pages;
    }

    @Override
    public int length(int stream) {
        return streams[stream].length();
    }

    @Override
    public void recent(int stream, int head, int from, int to, HeadRows rows) {
        streams[stream].recent(head, from, to, rows);
    }

    @Override
    public void coded(int stream, int head, int from, int to, HeadRows rows) {
        streams[stream].coded(head, from, to, rows);
    }

    @Override
    public void biases(int stream, int head, int from, int to, MemorySegment into, long at) {
        streams[stream].biases(head, from, to, into, at);
    }

    @Override
    public int forgotten(int stream, int head) {
        return streams[stream].forgotten(head);
    }

    @Override
    public int watchedFrom(int stream, int to) {
        return streams[stream].watchedFrom(to);
    }

    @Override
    public void beginSeeing(int stream) {
        streams[stream].beginSeeing();
    }

    @Override
    public void see(int stream, int head, SeenQueries seen) {
        streams[stream].see(head, seen);
    }

    @Override
    public int selectsFrom(int stream) {
        return streams[stream].selectsFrom();
    }

    @Override
    public UnitSummaries summaries(int stream) {
        return streams[stream].summaries();
    }

    @Override
    public PromptPatterns patterns(int stream) {
        return patterns[stream];
    }

    @Override
    public KvRecipe recipe(int stream) {
        return streams[stream].recipe();
    }

    @Override
    public PageLayout layout(int stream) {
        return streams[stream].layout();
    }

    @Override
    public void addresses(int stream, int head, int from, int to, long[] into) {
        streams[stream].addresses(head, from, to, into);
    }

    /** Gives every page back. Closing twice does nothing more. */
    @Override
    public void close() {
        closed = true;
        settled = 0;
        for (StreamTable s : streams) s.clear();
        for (PromptPatterns p : patterns) if (p != null) p.settle(0);
    }
}
