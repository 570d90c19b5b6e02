// SPDX-License-Identifier: Apache-2.0
package dev.jay.model;

import dev.jay.kv.AttentionBatch.Span;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * The tokens of one forward pass, of one or many sequences, side by side. Prefill and decode differ only in how many
 * tokens a sequence has here. Borrows everything.
 *
 * @param tokens    one a row
 * @param spans     whose rows are whose and at which positions; in order, together covering all rows
 * @param adapters  one a span
 * @param logitRows the rows whose logits are wanted, ascending
 * @param rotations (cos, sin) of every row, f32[rows][rotary dim], by each way of turning that the model has; null until
 *                  the transformer has made them
 */
public record Pass(
        int[] tokens,
        List<Span> spans,
        List<Adapter> adapters,
        int[] logitRows,
        Numerics numerics,
        Scratch scratch,
        LayerProbe probe,
        List<MemorySegment> rotations) {
    public Pass {
        int row = 0;
        for (Span span : spans) {
            if (span.row() != row || span.count() < 1 || span.position() < 0) {
                throw new IllegalArgumentException("pass: spans must cover the rows in order: row=" + span.row()
                        + ", count=" + span.count() + ", position=" + span.position() + ", wanted row=" + row
                        + ", count >= 1, position >= 0");
            }
            row += span.count();
        }
        if (row != tokens.length || adapters.size() != spans.size()) {
            throw new IllegalArgumentException("pass: tokens=" + tokens.length + ", rows of spans=" + row + ", spans="
                    + spans.size() + ", adapters=" + adapters.size());
        }
        int before = -1;
        for (int wanted : logitRows) {
            if (wanted <= before || wanted >= tokens.length) {
                throw new IllegalArgumentException("pass: logit rows must ascend and lie below rows=" + tokens.length
                        + ": got " + wanted + " after " + before);
            }
            before = wanted;
        }
    }

    /** Without adapters; nobody looks on. */
    public static Pass of(int[] tokens, List<Span> spans, int[] logitRows, Numerics numerics, Scratch scratch) {
        List<Adapter> none = Collections.nCopies(spans.size(), Adapter.NONE);
        return new Pass(tokens, spans, none, logitRows, numerics, scratch, LayerProbe.NONE, null);
    }

    public Pass withAdapters(List<Adapter> ofSpans) {
        return new Pass(tokens, spans, ofSpans, logitRows, numerics, scratch, probe, rotations);
    }

    public Pass withProbe(LayerProbe observer) {
        return new Pass(tokens, spans, adapters, logitRows, numerics, scratch, observer, rotations);
    }

    public Pass withRotations(List<MemorySegment> ofRows) {
        return new Pass(tokens, spans, adapters, logitRows, numerics, scratch, probe, ofRows);
    }

    public Pass withSpans(List<Span> others) {
        return new Pass(tokens, others, adapters, logitRows, numerics, scratch, probe, rotations);
    }

    /** The blocks' share of some of its rows: who looks on and who wants logits sees the whole pass. */
    public Pass part(int from, int count) {
        List<Span> inside = new ArrayList<>();
        List<Adapter> theirs = new ArrayList<>();
        for (int i = 0; i < spans.size(); i++) {
            Span s = spans.get(i);
            int first = Math.max(from, s.row());
            int end = Math.min(from + count, s.row() + s.count());
            if (first >= end) continue;
            inside.add(new Span(s.source(), first - from, end - first, s.position() + first - s.row()));
            theirs.add(adapters.get(i));
        }
        List<MemorySegment> turns = new ArrayList<>();
        for (MemorySegment table : rotations) {
            long rowBytes = table.byteSize() / rows();
            turns.add(table.asSlice(from * rowBytes, count * rowBytes));
        }
        int[] ids = Arrays.copyOfRange(tokens, from, from + count);
        return new Pass(ids, inside, theirs, new int[0], numerics, scratch, LayerProbe.NONE, turns);
    }

    public int rows() {
        return tokens.length;
    }

    /** f32[rows][width] from the scratch. */
    public MemorySegment floats(int width) {
        return scratch.floats((long) rows() * width);
    }

    /** The rows of a span in x[rows][width]. */
    public static MemorySegment rowsOf(Span span, MemorySegment x, int width) {
        return x.asSlice(4L * span.row() * width, 4L * span.count() * width);
    }
}
