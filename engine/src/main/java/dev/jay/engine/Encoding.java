// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.kv.WholeText;
import dev.jay.model.HiddenRows;
import dev.jay.model.Pooled;
import dev.jay.model.Pooling;
import dev.jay.tensor.kernel.Numerics;
import java.util.ArrayList;
import java.util.List;

/**
 * Texts as vectors, by an encoder: as many whole texts in a pass as its working space is for, on the caller's thread, one
 * pass at a time. Borrows the forward; closing waits for the pass that runs.
 */
final class Encoding implements AutoCloseable {
    private final TransformerForward forward;
    private final int dim;
    private final int mostTokens;
    private boolean closed;

    /** @param mostTokens of a text, and of a pass with every text rounded up */
    Encoding(TransformerForward forward, int dim, int mostTokens) {
        this.forward = forward;
        this.dim = dim;
        this.mostTokens = mostTokens;
    }

    /** As {@link Model#embed}. */
    List<float[]> of(List<int[]> inputs, Pooling pooling, Numerics numerics) {
        for (int[] input : inputs) check(input);
        List<float[]> vectors = new ArrayList<>(inputs.size());
        List<int[]> texts = new ArrayList<>();
        int tokens = 0;
        int slots = 0;
        for (int[] input : inputs) {
            int own = WholeText.slots(input.length);
            if (tokens + input.length > mostTokens || slots + own > WholeText.slots(mostTokens)) {
                vectors.addAll(pass(texts, pooling, numerics));
                texts.clear();
                tokens = 0;
                slots = 0;
            }
            texts.add(input);
            tokens += input.length;
            slots += own;
        }
        if (!texts.isEmpty()) vectors.addAll(pass(texts, pooling, numerics));
        return vectors;
    }

    private void check(int[] input) {
        if (input.length == 0)
            throw new IllegalArgumentException("embedding: an input is empty; wanted 1 token or more");
        if (input.length > mostTokens) throw new ContextFullException(input.length, 0, mostTokens);
        for (int i = 0; i < input.length; i++) {
            if (input[i] < 0 || input[i] >= forward.vocabulary()) {
                throw new IllegalArgumentException("embedding: token=" + input[i] + " at place=" + i
                        + ", allowed: 0 to " + (forward.vocabulary() - 1));
            }
        }
    }

    private synchronized List<float[]> pass(List<int[]> texts, Pooling pooling, Numerics numerics) {
        if (closed) throw new IllegalStateException("the model is closed: no request can be taken");
        if (Thread.currentThread().isInterrupted()) throw new IllegalStateException("interrupted while embedding");
        List<Pooled> pooled =
                texts.stream().map(t -> new Pooled(pooling, t.length, dim)).toList();
        List<HiddenRows> takers = List.copyOf(pooled);
        forward.encode(numerics, texts, takers);
        return pooled.stream().map(Pooled::unit).toList();
    }

    @Override
    public synchronized void close() {
        closed = true;
    }
}
