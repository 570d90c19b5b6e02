// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.kv.prefix.PageReplacement;
import dev.jay.kv.prefix.PrefixHold;
import dev.jay.kv.prefix.PrefixIndex;
import dev.jay.kv.prefix.PrefixTier;
import dev.jay.kv.prefix.Salted;
import dev.jay.tensor.kernel.Numerics;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What sequences share: whole strides through the index, while they are computed and after; of the stride where two part,
 * the rows they have in common are copied. Confined to the engine thread.
 */
final class Prefixes implements AutoCloseable {
    private final Forward forward;
    private final PrefixIndex index;

    /** All that keys and values depend on besides the tokens before them, and whose they are. */
    private record Variant(String tenant, Numerics numerics, AdapterMix adapters) implements Salted {
        @Override
        public byte[] salt() {
            return (numerics + adapters.salt() + " " + tenant).getBytes(StandardCharsets.UTF_8); // no salt has a space
        }
    }

    /** @param tier borrowed */
    Prefixes(Forward forward, PageReplacement replacement, PrefixTier tier) {
        this.forward = forward;
        this.index = new PrefixIndex(forward.pool(), replacement, tier);
    }

    private static Object variant(Sequence s) {
        // what is not shared stands on a variant that nobody else can name
        return s.request.isShared() ? new Variant(s.request.tenant(), s.request.numerics(), s.adapters()) : s;
    }

    /** How many tokens the sequence may take over: one at least is left to run, and all whose logits are wanted. */
    private int most(Sequence s) {
        int most = s.scoresLeft() ? Math.max(0, s.nextScore() - 1) : s.length() - 1;
        return Math.min(most, pure(s));
    }

    /** Up to where a sequence's keys and values follow from its tokens alone. */
    private int pure(Sequence s) {
        if (s.pureTokens < 0) {
            int end = IntStream.of(s.promptEnds()).max().orElseThrow();
            s.pureTokens = forward.pure(s.request.numerics(), end);
        }
        return s.pureTokens;
    }

    /** Finds what is known of the sequence's tokens, and keeps it from being let go. */
    void hold(Sequence s) {
        s.hold = index.hold(variant(s), forward.strideTokens(s.request.numerics()), s.tokens(), most(s));
    }

    /** Whether more of the sequence's tokens is on its way back from the tier. */
    boolean isComing(Sequence s) {
        int stride = forward.strideTokens(s.request.numerics());
        // what has come and gone again before it was used is computed, in the end
        if (s.sentFor > 1 + s.length() / stride) return false;
        long before = index.sentFor();
        boolean coming = index.isComing(variant(s), stride, s.tokens(), most(s));
        if (index.sentFor() > before) s.sentFor++;
        return coming;
    }

    /** Takes in what has come from the tier. */
    boolean land() {
        return index.land();
    }

    int known(Sequence s) {
        return index.known(variant(s), s.tokens(), most(s));
    }

    /** How many of the tokens it may take over the sequence has in common with another. */
    int common(Sequence s, Sequence other) {
        if (!variant(s).equals(variant(other))) return 0;
        int most = Math.min(most(s), Math.min(pure(other), other.length()));
        int differ = Arrays.mismatch(s.tokens(), 0, most, other.tokens(), 0, most);
        return differ < 0 ? most : differ;
    }

    /** A cache that begins with what is held, and with what one of those running has in common beyond it. */
    void start(Sequence s, List<Sequence> running) {
        s.cache = forward.open(s.request.numerics());
        s.cache.promptsEnd(s.promptEnds());
        int shared = s.hold.sharedTokens();
        Sequence best = null;
        int most = s.hold.tokens();
        for (Sequence other : running) {
            if (other == s || other.cache == null) continue;
            int common = Math.min(common(s, other), other.computed());
            if (common > most) {
                best = other;
                most = common;
            }
        }
        if (best != null) s.hold.dropTail();
        s.hold.into(s.cache);
        int stride = s.cache.strideTokens();
        if (best != null) s.cache.adopt(best.cache.stride(shared / stride), Math.min(stride - 1, most - shared));
    }

    /** Shares what a step has made whole. Returns how many pages of the sequence are the index's now. */
    int extend(Sequence s) {
        if (!s.request.isShared()) return 0;
        return s.hold.extend(s.tokens(), Math.min(s.computed(), pure(s)), s.cache);
    }

    /** The sequence's cache goes; what it computed is kept while there is room, if it is sound. */
    void end(Sequence s, boolean sound) {
        PrefixHold hold = s.hold;
        s.hold = null;
        if (s.cache != null) {
            if (sound && s.request.isShared() && hold != null) {
                if (s.computed() <= pure(s)) hold.end(s.tokens(), s.computed(), s.cache);
                else hold.extend(s.tokens(), pure(s), s.cache);
            }
            s.cache.close();
        }
        s.cache = null;
        if (hold != null) hold.release();
    }

    void release(Sequence s) {
        s.hold.release();
        s.hold = null;
    }

    int pinnedPages() {
        return index.pinnedPages();
    }

    int idlePages() {
        return index.idlePages();
    }

    /** Lets go of idle prefixes until so many pages are free again, or none is left. Returns how many are. */
    int shed(int pages) {
        int before = index.idlePages();
        while (before - index.idlePages() < pages && index.letGoOfOne()) {}
        return before - index.idlePages();
    }

    @Override
    public void close() {
        index.close();
    }
}
