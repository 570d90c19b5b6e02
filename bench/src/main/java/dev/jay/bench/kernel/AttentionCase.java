// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kernel;

import dev.jay.kv.AttentionBatch;
import dev.jay.kv.AttentionBatch.Span;
import dev.jay.kv.KvAttention;
import dev.jay.kv.KvRecipe;
import dev.jay.kv.KvSource;
import dev.jay.kv.KvStream;
import dev.jay.kv.Mask;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The newest {@code queries} tokens of a context, attending as a model's layer does in fast numerics.
 *
 * @param group query heads to a KV head
 */
record AttentionCase(String format, int kvHeads, int group, int width, int context, int queries) {
    String shape() {
        return kvHeads * group + "/" + kvHeads + "x" + width + "x" + queries + "@" + context;
    }

    KvStream stream() {
        return new KvStream(kvHeads, width, width);
    }

    KvRecipe recipe() {
        return KvRecipe.parse("keys=" + format + " values=" + format);
    }

    WeightFormat rows() {
        return WeightFormats.ALL.make(format);
    }

    String provider(Bed bed) {
        return bed.kernels
                .attention(rows(), rows(), width, width, Numerics.FAST)
                .provider();
    }

    /** Bytes of keys and values that the newest token sees. */
    long bytes() {
        return 2 * rows().bytesFor((long) context * kvHeads * width);
    }

    /** Multiplications and additions of what causal attention must do: two products of a width for each pair. */
    double giga() {
        double pairs = queries * (context - (queries - 1) / 2.0);
        return 4.0 * width * kvHeads * group * pairs / 1e9;
    }

    /** One run after the other, each over the next of as many contexts as the big region holds. */
    Runnable work(Bed bed, Team team) {
        MemorySegment all = bed.rowsOf(rows(), width);
        long each = KvRows.bytesFor(stream(), recipe(), context);
        List<KvSource> sources = new ArrayList<>();
        for (long at = 0; at + each <= all.byteSize(); at += each) {
            sources.add(new KvRows(all.asSlice(at, each), stream(), recipe(), context));
        }
        int heads = kvHeads * group;
        KvAttention attention = new KvAttention(team.ops(), recipe(), stream(), heads);
        MemorySegment q = bed.random((long) queries * heads * width);
        MemorySegment out = bed.scratch.floats((long) queries * heads * width);
        Scratch scratch = new Scratch(bed.scratch.take(attention.scratchBytes(queries)));
        float scale = (float) (1 / Math.sqrt(width));
        List<AttentionBatch> batches = new ArrayList<>();
        for (KvSource source : sources) {
            Span span = new Span(source, 0, queries, context - queries);
            batches.add(new AttentionBatch(
                    List.of(span), q, heads, Mask.CAUSAL, scale, 0, out, null, Numerics.FAST, scratch));
        }
        int[] next = {0};
        return () -> attention.run(0, batches.get(next[0]++ % batches.size()));
    }
}
