// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import java.util.Arrays;

/** A priority queue of longs, least first. */
final class LongHeap {
    private long[] heap = new long[64];
    private int size;

    void push(long key) {
        if (size == heap.length) heap = Arrays.copyOf(heap, 2 * size);
        int i = size++;
        while (i > 0) {
            int parent = (i - 1) >>> 1;
            if (heap[parent] <= key) break;
            heap[i] = heap[parent];
            i = parent;
        }
        heap[i] = key;
    }

    long pop() {
        long least = heap[0];
        long key = heap[--size];
        int i = 0;
        for (int child = 1; child < size; child = 2 * i + 1) {
            if (child + 1 < size && heap[child + 1] < heap[child]) child++;
            if (heap[child] >= key) break;
            heap[i] = heap[child];
            i = child;
        }
        heap[i] = key;
        return least;
    }

    boolean isEmpty() {
        return size == 0;
    }
}
