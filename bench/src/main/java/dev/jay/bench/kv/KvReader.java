// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.bench.kv.KvBed.Sequence;
import dev.jay.engine.sample.grammar.Constraint;
import dev.jay.engine.sample.grammar.GrammarCache;
import dev.jay.engine.sample.grammar.TokenMask;
import dev.jay.kv.AttentionBatch.Span;
import dev.jay.kv.KvCache;
import dev.jay.kv.KvRecipe;
import dev.jay.model.Pass;
import dev.jay.model.text.TextDecoder;
import dev.jay.model.text.Tokenizer;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Numerics;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * A model without an engine around it. One whose sequences forget is asked many questions about a text that it reads once:
 * each is put to a copy of what it keeps. It forgets, and answers, as the engine has it do for each question alone; only
 * the reading is not repeated. And one that writes something long is told what is not its own, in the tokens that a text
 * would have: under a grammar it would choose others, in which it finds nothing again.
 * Confined to one thread. Closing gives all back.
 */
final class KvReader implements AutoCloseable {
    /** Kept at once: what was read of the text alone, what is asked about, and a question with its answer. */
    private static final int COPIES = 3;

    private final Sequence sequence;
    private final Tokenizer tokenizer;
    private final GrammarCache grammars;
    private final int vocabulary;
    private final int watched; // of the last queries before a prompt's end
    private final boolean isShared;
    private final int room;

    /**
     * @param each   of the layers; a filter is passed over, so prompts are to be no longer than what passes it
     * @param tokens of a text with a question and its answer, at most
     */
    KvReader(KvBed bed, List<KvRecipe> each, Tokenizer tokenizer, int tokens) {
        this.sequence = bed.sequence(each, tokens, COPIES);
        this.room = tokens;
        this.tokenizer = tokenizer;
        this.grammars = new GrammarCache(tokenizer);
        this.vocabulary = bed.spec().vocabulary();
        this.watched = each.stream()
                .flatMap(r -> r.eviction().stream())
                .mapToInt(e -> e.watches() == Integer.MAX_VALUE ? 1 : Math.max(1, e.watches()))
                .max()
                .orElse(1);
        this.isShared = takes(each);
    }

    private static boolean takes(List<KvRecipe> each) {
        return each.stream()
                .allMatch(r -> r.eviction().isPresent()
                        && r.filter().isEmpty()
                        && r.selection().isEmpty()
                        && !r.readsLessOfPrompts());
    }

    /**
     * Whether one reading serves several questions. What forgets is shared with nobody, so the engine would read every
     * text anew; all else it shares itself.
     */
    boolean isShared() {
        return isShared;
    }

    /**
     * As much of a text as is the same whether it ends a prompt or not: which queries before its end are watched depends
     * on that.
     */
    Reading read(int[] text, int... promptEnds) {
        Reading reading = empty(promptEnds);
        reading.to(text, Math.max(0, text.length - watched));
        return reading;
    }

    /** Nothing is read yet. */
    Reading empty(int... promptEnds) {
        KvCache cache = sequence.open();
        cache.promptsEnd(promptEnds);
        return new Reading(cache);
    }

    /** What was read so far, and kept of it. Closing gives it back. */
    final class Reading implements AutoCloseable {
        private final KvCache cache;
        private int[] tokens = {};
        private float[] logits;

        private Reading(KvCache cache) {
            this.cache = cache;
        }

        /** Another that goes on by itself. */
        Reading copy(int... promptEnds) {
            Reading copy = new Reading(cache.copy(promptEnds));
            copy.tokens = tokens;
            copy.logits = logits;
            return copy;
        }

        /** Whether these begin with what was read. */
        boolean begins(int[] whole) {
            int read = tokens.length;
            return read <= whole.length && Arrays.equals(tokens, 0, read, whole, 0, read);
        }

        /** Reads on, up to so many tokens of these, with which what was read begins. */
        void to(int[] whole, int end) {
            for (int at = tokens.length; at < end; ) {
                int to = Math.min(Math.min(end, at + KvBed.ROWS), cache.nextEnd());
                pass(Arrays.copyOfRange(whole, at, to), at);
                at = to;
            }
            tokens = Arrays.copyOf(whole, Math.max(tokens.length, end));
        }

        private void pass(int[] some, int at) {
            long mark = sequence.scratch.mark();
            List<Span> spans = List.of(new Span(cache, 0, some.length, at));
            int[] last = {some.length - 1};
            MemorySegment row = sequence.transformer.run(Pass.of(some, spans, last, Numerics.FAST, sequence.scratch));
            logits = new float[vocabulary];
            MemorySegment.copy(row, Floats.LAYOUT, 0, logits, 0, vocabulary);
            sequence.scratch.release(mark);
            cache.settle(at + some.length);
        }

        /** Greedily, up to the end of a line or, by a script, of all of it; so many tokens at most. */
        String answer(Script script, int most) {
            Constraint rule = script == null ? null : new Constraint(grammars.masks(script.grammar(), Set.of()));
            TextDecoder decoder = new TextDecoder(tokenizer, false);
            StringBuilder text = new StringBuilder();
            for (int n = 0; n < most; n++) {
                int token = best(rule == null ? null : rule.mask());
                if (tokenizer.endOfGeneration().contains(token)) break;
                text.append(decoder.next(token));
                if (rule == null && text.indexOf("\n") >= 0) return text.substring(0, text.indexOf("\n"));
                if (rule != null) {
                    rule.accept(token);
                    if (rule.state().mustEnd()) break;
                }
                int[] longer = Arrays.copyOf(tokens, tokens.length + 1);
                longer[tokens.length] = token;
                to(longer, longer.length);
            }
            return text + decoder.finish();
        }

        /**
         * Writes the values of a script, greedily, and is told what stands between them.
         *
         * @return how many are right; those that there is no room for are not
         */
        int write(Script script) {
            int right = 0;
            for (int i = 0; i < script.wanted().size(); i++) {
                String wanted = script.wanted().get(i);
                int most = tokenizer.encode(" " + wanted, false, false).length + KvItem.MORE;
                if (tokens.length + most > room) break;
                if (answer(null, most).strip().equals(wanted)) right++;
                int[] said = tokenizer.encode(script.behind().get(i), false, false);
                int read = tokens.length;
                if (read + said.length > room) break;
                int[] longer = Arrays.copyOf(tokens, read + said.length);
                System.arraycopy(said, 0, longer, read, said.length);
                to(longer, longer.length);
            }
            return right;
        }

        private int best(TokenMask allowed) {
            int best = -1;
            for (int t = 0; t < vocabulary; t++) {
                if (allowed != null && !allowed.allows(t)) continue;
                if (best < 0 || logits[t] > logits[best]) best = t;
            }
            return best;
        }

        @Override
        public void close() {
            cache.close();
        }
    }

    @Override
    public void close() {
        sequence.close();
    }
}
