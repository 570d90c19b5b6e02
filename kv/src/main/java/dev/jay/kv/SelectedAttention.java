// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.AttentionBatch.Span;
import dev.jay.kv.select.KvSelection;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.kernel.AttentionKernel;
import dev.jay.tensor.kernel.MatMulKernel;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Attention of queries that read only some of what is kept. The query heads of a token that share a KV head choose
 * together, each token for itself, whatever pass it is in; the units they chose are put one after the other, in order, and
 * the kernel runs over them as over any rows. So neither threads nor company nor chunking change an answer.
 */
final class SelectedAttention {
    private final Ops ops;
    private final KvStream stream;
    private final int group;
    private final int units; // that a query reads
    private final AttentionKernel[] kernels; // by numerics
    private final AttentionKernel.Task[] tasks; // one a worker, reused
    private final UnitChooser[] choosers; // one a worker
    private final Rotations rotations;
    private final long[][] addresses; // of all runs; one a worker
    private final long queryBytes;
    private final long outBytes;
    private final long lseBytes;
    private final long kernelBytes;
    private final long workerBytes;

    SelectedAttention(Ops ops, KvRecipe recipe, KvStream stream, int group) {
        KvSelection selection = recipe.selection().orElseThrow();
        this.ops = ops;
        this.stream = stream;
        this.group = group;
        this.units = selection.reading().tokens() / KvSelection.UNIT;
        int workers = ops.workers();
        this.tasks = new AttentionKernel.Task[workers];
        this.choosers = new UnitChooser[workers];
        this.addresses = new long[workers][0];
        MatMulKernel products = ops.rowProducts(UnitSummaries.format(recipe));
        if (products.form() != null) throw new IllegalStateException("kv summaries want products with float rows");
        for (int w = 0; w < workers; w++) {
            tasks[w] = KvAttention.newTask(stream, group, selection.reading().tokens());
            tasks[w].pages = new long[units];
            choosers[w] = new UnitChooser(selection, products, stream, group);
        }
        WeightFormat keys = recipe.keys().rowFormat().orElseThrow();
        WeightFormat values = recipe.values().rowFormat().orElseThrow();
        this.rotations = new Rotations(recipe, stream);
        this.kernels = new AttentionKernel[Numerics.values().length];
        long most = 0;
        for (Numerics numerics : Numerics.values()) {
            AttentionKernel kernel = ops.attention(keys, values, stream.keyWidth(), stream.valueWidth(), numerics);
            kernels[numerics.ordinal()] = kernel;
            most = Math.max(most, kernel.scratchBytes(tasks[0]));
        }
        this.queryBytes = Scratch.sizeOf(4L * group * stream.keyWidth());
        this.outBytes = Scratch.sizeOf(4L * group * stream.valueWidth());
        this.lseBytes = Scratch.sizeOf(4L * group);
        this.kernelBytes = Scratch.sizeOf(most);
        this.workerBytes = queryBytes + outBytes + lseBytes + kernelBytes + choosers[0].scratchBytes();
    }

    long scratchBytes() {
        return ops.workers() * workerBytes;
    }

    /** Those of some spans' queries that read everything, or the others. */
    static List<Span> part(int streamIndex, List<Span> spans, boolean selects) {
        List<Span> part = new ArrayList<>();
        for (Span s : spans) {
            int whole = Math.clamp((long) s.source().selectsFrom(streamIndex) - s.position(), 0, s.count());
            if (!selects && whole > 0) part.add(new Span(s.source(), s.row(), whole, s.position()));
            int rest = s.count() - whole;
            if (selects && rest > 0) part.add(new Span(s.source(), s.row() + whole, rest, s.position() + whole));
        }
        return part;
    }

    /** Sums up the units that have become whole, of every span's source. */
    private void summarise(int streamIndex, List<Span> spans) {
        List<UnitSummaries> behind = new ArrayList<>();
        for (Span s : spans) {
            UnitSummaries of = s.source().summaries(streamIndex);
            if (of.isBehind()) behind.add(of);
        }
        int heads = stream.heads();
        ops.forEach(behind.size() * heads, (i, _) -> behind.get(i / heads).summarise(i % heads));
    }

    /** @param lse [n][queryHeads] f32, of all rows of the batch */
    void run(int streamIndex, AttentionBatch batch, MemorySegment lse) {
        if (batch.mask() != Mask.CAUSAL) {
            throw new IllegalArgumentException("kv select= needs attention to all tokens before: " + batch.mask());
        }
        summarise(streamIndex, batch.spans());
        List<Span> spans = part(streamIndex, batch.spans(), true);
        MemorySegment perWorker = batch.scratch().take(scratchBytes());
        int[] firstRow = new int[spans.size() + 1];
        for (int s = 0; s < spans.size(); s++)
            firstRow[s + 1] = firstRow[s] + spans.get(s).count();
        int heads = stream.heads();
        ops.forEach(firstRow[spans.size()] * heads, (i, worker) -> {
            int row = i / heads;
            int s = 0;
            while (row >= firstRow[s + 1]) s++;
            MemorySegment own = perWorker.asSlice(worker * workerBytes, workerBytes);
            attend(streamIndex, batch, spans.get(s), row - firstRow[s], i % heads, lse, own, worker);
        });
    }

    private void attend(
            int streamIndex,
            AttentionBatch batch,
            Span span,
            int token,
            int head,
            MemorySegment lse,
            MemorySegment own,
            int worker) {
        long row = ((long) (span.row() + token) * stream.heads() + head) * group; // of the first query head
        int position = span.position() + token;
        int kw = stream.keyWidth();
        MemorySegment.copy(batch.queries(), 4 * row * kw, own, 0, 4L * group * kw);
        MemorySegment work = own.asSlice(queryBytes + outBytes + lseBytes + kernelBytes);
        UnitSummaries summaries = span.source().summaries(streamIndex);
        int[] chosen = choosers[worker].choose(summaries, head, position, batch.scale(), own, work);
        AttentionKernel.Task task = tasks[worker];
        int runs = position / KvSelection.UNIT + 1;
        if (addresses[worker].length < runs) addresses[worker] = new long[2 * runs];
        span.source().addresses(streamIndex, head, 0, position + 1, addresses[worker]);
        for (int u = 0; u < units; u++) task.pages[u] = addresses[worker][chosen[u]];
        int slots = (units - 1) * KvSelection.UNIT + position % KvSelection.UNIT + 1;
        Arrays.fill(task.visibleTo, slots);
        rotations.turn(own, 0, group); // units were chosen by what they were
        task.scale = batch.scale();
        task.softCap = batch.softCap();
        task.query = own.address();
        span.source().layout(streamIndex).tell(task);
        task.toSlot = slots;
        task.out = own.address() + queryBytes;
        task.lse = task.out + outBytes;
        kernels[batch.numerics().ordinal()].run(task, task.lse + lseBytes);
        int vw = stream.valueWidth();
        rotations.turnBack(own, queryBytes, group);
        MemorySegment.copy(own, queryBytes, batch.out(), 4 * row * vw, 4L * group * vw);
        MemorySegment.copy(own, queryBytes + outBytes, lse, 4 * row, 4L * group);
    }
}
