// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.kv.KvCache;
import dev.jay.kv.KvRecipe;
import dev.jay.kv.KvShape;
import dev.jay.kv.KvSource;
import dev.jay.kv.KvStream;
import dev.jay.kv.filter.KvFilter;
import dev.jay.kv.pool.PagePool;
import dev.jay.kv.prefix.Stride;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/**
 * A sequence of whose prompt only some tokens pass. Until the prompt's end it holds keys and values of the first layers,
 * which are gone when it is known who passes; then those of the tokens that did, in all layers, as of a prompt of its own,
 * and of what follows. To the engine it is as long as the tokens that came: a step ends where the prompt does. Which tokens
 * pass depends on the prompt alone, so a sequence that begins again is the same again.
 */
final class FilteredCache implements SequenceCache {
    private final KvFilter filter;
    private final KvShape shape;
    private final List<KvRecipe> recipes;
    private final PagePool pool;
    private final Supplier<PagedCache> opening;
    private final int layers; // that the prompt goes through, of the last its attention only
    private int prompt; // 0: everything passes
    private KvCache first; // null: it is known who passes
    private LastQueries watch;
    private PagedCache rest; // null: it is not
    private int[] passed; // their places in the prompt, in order; null: it is not known, or all do
    private int dropped;
    private boolean isNew; // it is known since this pass, which may fail
    private int seen; // tokens of the prompt, where it goes through no layer

    FilteredCache(KvFilter filter, KvShape shape, List<KvRecipe> recipes, PagePool pool, Supplier<PagedCache> opening) {
        this.filter = filter;
        this.shape = shape;
        this.recipes = recipes;
        this.pool = pool;
        this.opening = opening;
        this.layers = filter.layer(recipes.size());
        this.rest = opening.get();
    }

    /** The most pages that a sequence of so many tokens comes to hold, wherever its prompt ends. */
    static int pagesFor(KvFilter filter, int tokens, KvShape shape, List<KvRecipe> recipes, long pageBytes) {
        int all = KvCache.pagesFor(tokens, shape, recipes, pageBytes);
        int layers = filter.layer(recipes.size());
        int kept = Math.min(tokens, filter.passing().tokens());
        int before = layers == 0 || tokens <= kept
                ? 0
                : KvCache.pagesFor(tokens, part(shape, layers), recipes.subList(0, layers), pageBytes)
                        + LastQueries.pagesFor(tokens, shape.streams().get(layers - 1), pageBytes);
        return Math.max(all, before + KvCache.pagesFor(kept, shape, recipes, pageBytes));
    }

    private static KvShape part(KvShape shape, int layers) {
        return new KvShape(shape.streams().subList(0, layers));
    }

    @Override
    public void promptsEnd(int... places) {
        prompt = Arrays.stream(places).max().orElse(0);
        if (prompt <= filter.passing().tokens()) {
            prompt = 0;
            rest.promptsEnd(places);
            return;
        }
        rest.close();
        rest = null;
        if (layers == 0) return;
        KvStream last = shape.streams().get(layers - 1);
        first = new KvCache(part(shape, layers), recipes.subList(0, layers), pool);
        first.promptsEnd(places);
        watch = new LastQueries(first, filter, layers - 1, last, pool, prompt);
    }

    /** Whether the prompt is still on its way through the first layers. */
    boolean isFiltering() {
        return rest == null;
    }

    /** Layers that it goes through; 0: none. */
    int layers() {
        return layers;
    }

    /** What passes through these layers see. */
    KvSource watched() {
        return watch;
    }

    /** Where it ends. */
    int prompt() {
        return prompt;
    }

    /** Says who passes; the last token of the prompt has been through the first layers. Returns the tokens. */
    int[] choose(int[] tokens) {
        float[] importance = new float[prompt];
        filter.rank(watch == null ? new double[prompt] : watch.sums(), importance);
        passed = filter.passing().best(importance);
        isNew = true;
        rest = opening.get();
        rest.promptsEnd(passed.length);
        return Arrays.stream(passed).map(place -> tokens[place]).toArray();
    }

    /** Where those stand in the prompt that passed. */
    int[] passed() {
        return passed.clone();
    }

    /** Holds those that passed, and what followed. */
    PagedCache rest() {
        return rest;
    }

    /** Tokens of the prompt that did not pass. */
    int dropped() {
        return isNew ? prompt - passed.length : dropped;
    }

    /** Ends a pass that brought it to so many tokens. */
    void settle(int tokens) {
        if (isNew) {
            rest.kv().settle(passed.length);
            dropped = prompt - passed.length;
            isNew = false;
            seen = 0;
            closeFirst();
        } else if (rest != null) {
            rest.kv().settle(tokens - dropped);
        } else {
            seen = tokens;
            if (first != null) first.settle(tokens);
            if (watch != null) watch.settle(tokens);
        }
    }

    /** A pass failed: it is what it was before. */
    void takeBack() {
        if (isNew) {
            rest.close();
            rest = null;
            passed = null;
            isNew = false;
        }
        if (rest != null) rest.kv().settle(rest.kv().settled());
        else if (first != null) first.settle(first.settled());
        if (watch != null) watch.takeBack();
    }

    @Override
    public int length() {
        return rest != null && !isNew ? rest.length() + dropped : seen;
    }

    @Override
    public int nextEnd() {
        if (rest == null) return prompt;
        int next = rest.nextEnd();
        return next == Integer.MAX_VALUE ? next : next + dropped;
    }

    @Override
    public int strideTokens() {
        return KvCache.strideTokens(shape, recipes, pool.pageBytes());
    }

    @Override
    public Stride stride(int index) {
        throw notShared();
    }

    @Override
    public void adopt(Stride stride, int tokens) {
        throw notShared();
    }

    @Override
    public void replace(int index, Stride same) {
        throw notShared();
    }

    private static IllegalStateException notShared() {
        return new IllegalStateException("kv rows of a sequence whose prompt was filtered are shared with nobody");
    }

    @Override
    public void close() {
        closeFirst();
        if (rest != null) rest.close();
    }

    private void closeFirst() {
        if (first != null) first.close();
        if (watch != null) watch.close();
        first = null;
        watch = null;
    }
}
