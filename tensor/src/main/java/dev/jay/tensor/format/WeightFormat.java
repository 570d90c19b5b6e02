// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import java.lang.foreign.MemorySegment;

/**
 * How a row of weights is laid out in bytes. The scalar decode is the definition of the format; every kernel for it is
 * held to that. Stateless; all offsets are in bytes and the float side is little-endian f32.
 */
public interface WeightFormat {
    /** Lower case, as people write it: {@code q8_0}. */
    String name();

    /** The number GGUF files use for it. */
    int ggmlType();

    /** Weights per block. */
    int blockSize();

    /** Bytes per block. */
    int blockBytes();

    /** Greatest error of encode then decode, relative to the largest magnitude of the block. */
    double tolerance();

    /** Codes {@link #blockSize} floats, read from byte offset {@code from}, into one block at byte offset {@code at}. */
    void encodeBlock(MemorySegment weights, long from, MemorySegment block, long at);

    /** Decodes the block at byte offset {@code at} into {@link #blockSize} floats at byte offset {@code to}. */
    void decodeBlock(MemorySegment block, long at, MemorySegment weights, long to);

    /** Bytes for this many weights; they must fill whole blocks. */
    default long bytesFor(long weights) {
        if (weights % blockSize() != 0) {
            throw new IllegalArgumentException(
                    name() + " needs a multiple of " + blockSize() + " weights: got " + weights);
        }
        return weights / blockSize() * blockBytes();
    }

    /** Codes {@code count} floats (a multiple of the block). */
    default void encode(MemorySegment weights, long from, long count, MemorySegment to, long at) {
        long blocks = bytesFor(count) / blockBytes();
        for (long b = 0; b < blocks; b++) {
            encodeBlock(weights, from + b * blockSize() * Float.BYTES, to, at + b * blockBytes());
        }
    }

    /** The same while somebody waits: a format that searches long for the best codes searches less. */
    default void encodeSoon(MemorySegment weights, long from, long count, MemorySegment to, long at) {
        encode(weights, from, count, to, at);
    }

    /**
     * Codes one row of a matrix, where a mistake in weight i costs {@code importance[first + i]} times as much. Formats
     * that have nothing to choose ignore it.
     */
    default void encodeRow(
            MemorySegment weights, long from, float[] importance, int first, int count, MemorySegment to, long at) {
        encode(weights, from, count, to, at);
    }

    /** Decodes {@code count} weights (a multiple of the block). */
    default void decode(MemorySegment bytes, long at, long count, MemorySegment weights, long to) {
        long blocks = bytesFor(count) / blockBytes();
        for (long b = 0; b < blocks; b++) {
            decodeBlock(bytes, at + b * blockBytes(), weights, to + b * blockSize() * Float.BYTES);
        }
    }
}
