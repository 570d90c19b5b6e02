// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.model.Pooled;
import dev.jay.model.Pooling;
import dev.jay.tensor.kernel.Numerics;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/**
 * Texts as vectors, by a model that generates: each runs as an ordinary request that chooses nothing, a few at a time, so
 * others run beside it and the budget is the same.
 */
final class Embeddings {
    private static final int TOGETHER = 4; // that wait or run at once

    private record Coming(Pooled pooled, QueuedGeneration done) {}

    private final Model model;
    private final Consumer<Request> check;
    private final Pooling pooling;
    private final Numerics numerics;

    /** @param check fails for a request that could never run */
    Embeddings(Model model, Consumer<Request> check, Pooling pooling, Numerics numerics) {
        this.model = model;
        this.check = check;
        this.pooling = pooling;
        this.numerics = numerics;
    }

    List<float[]> of(List<int[]> inputs) {
        for (int[] input : inputs) check.accept(request(input)); // all, before any is run
        List<float[]> vectors = new ArrayList<>(inputs.size());
        Deque<Coming> running = new ArrayDeque<>();
        try {
            for (int[] input : inputs) {
                if (running.size() == TOGETHER) vectors.add(wait(running.removeFirst()));
                running.add(startAfter(running, vectors, input));
            }
            while (!running.isEmpty()) vectors.add(wait(running.removeFirst()));
            return vectors;
        } finally {
            for (Coming left : running) left.done.cancel();
        }
    }

    private Request request(int[] input) {
        if (input.length == 0)
            throw new IllegalArgumentException("embedding: an input is empty; wanted 1 token or more");
        return Request.of(input).withMaxTokens(0).withNumerics(numerics);
    }

    /** Where no more may wait, after one of its own is done. */
    private Coming startAfter(Deque<Coming> running, List<float[]> vectors, int[] input) {
        while (true) {
            try {
                return start(input);
            } catch (QueueFullException e) {
                if (running.isEmpty()) throw e;
                vectors.add(wait(running.removeFirst()));
            }
        }
    }

    private Coming start(int[] input) {
        Pooled pooled = new Pooled(pooling, input.length, model.spec().dim());
        QueuedGeneration done = new QueuedGeneration(input);
        done.is(model.submit(request(input).withHidden(pooled), done));
        return new Coming(pooled, done);
    }

    private static float[] wait(Coming coming) {
        coming.done.text(); // what it waits for; the engine thread has written the rows before
        return coming.pooled.unit();
    }
}
