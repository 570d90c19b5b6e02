// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.bench.kv.KvBed.Sequence;
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

/**
 * A model without an engine around it. One whose sequences forget is asked many questions about a text that it reads once:
 * each is put to a copy of what it keeps. It forgets, and answers, as the engine has it do for each question alone; only
 * the reading is not repeated. Confined to one thread. Closing gives all back.
 */
final class KvReader implements AutoCloseable {
    /** Kept at once: what was read of the text alone, what is asked about, and a question with its answer. */
    private static final int COPIES = 3;

    private final Sequence sequence;
    private final Tokenizer tokenizer;
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

        /** Greedily, up to the end of a line; so many tokens at most. */
        String answer(int most) {
            TextDecoder decoder = new TextDecoder(tokenizer, false);
            StringBuilder text = new StringBuilder();
            for (int n = 0; n < most; n++) {
                int token = best();
                if (tokenizer.endOfGeneration().contains(token)) break;
                text.append(decoder.next(token));
                if (text.indexOf("\n") >= 0) return text.substring(0, text.indexOf("\n"));
                append(token);
            }
            return text + decoder.finish();
        }

        /**
         * Writes the values of a script, greedily, and is told what stands between them.
         *
         * @return all of it, as far as there is room
         */
        String write(Script script) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < script.wanted().size(); i++) {
                int most = script.most(i, tokenizer);
                if (tokens.length + most > room) break;
                text.append(answer(most)).append(script.behind().get(i));
                int[] said = tokenizer.encode(script.behind().get(i), false, false);
                if (tokens.length + said.length > room) break;
                append(said);
            }
            return text.toString();
        }

        private void append(int... more) {
            int read = tokens.length;
            int[] longer = Arrays.copyOf(tokens, read + more.length);
            System.arraycopy(more, 0, longer, read, more.length);
            to(longer, longer.length);
        }

        private int best() {
            int best = 0;
            for (int t = 1; t < vocabulary; t++) {
                if (logits[t] > logits[best]) best = t;
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
