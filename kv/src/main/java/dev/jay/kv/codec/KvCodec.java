// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.codec;

import dev.jay.tensor.format.GroupFormat;
import dev.jay.tensor.format.WeightFormat;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * How rows of keys, or of values, are laid out in a page. A codec codes {@link #group} consecutive rows at a time, at
 * positions that are multiples of it, so coded bytes are a pure function of the tokens before them, however a prompt was
 * cut into steps. A codec of group 1 codes each row as it comes. {@link #unseal} is the definition.
 */
public interface KvCodec {
    String name();

    /** Rows coded together. 1, or a divisor of the slots of a page. */
    int group();

    /** How a group of rows of this width lies; of rows that were turned before, as they were then. */
    GroupFormat format(int width);

    /** Bytes of one coded group of rows of this width. */
    default int groupBytes(int width) {
        return format(width).bytes();
    }

    /** Codes {@link #group} dense f32 rows at byte offset {@code from} to byte offset {@code at}. */
    void seal(MemorySegment rows, long from, int width, MemorySegment page, long at);

    /** The definition: decodes one group to dense f32 rows. */
    default void unseal(MemorySegment page, long at, int width, MemorySegment rows, long to) {
        format(width).decode(page, at, rows, to);
        rotation(width).ifPresent(hadamard -> hadamard.turn(rows, to, group(), width));
    }

    /**
     * Whether keys are to come as they were before positions turned them: attention turns what it reads. Of codecs that
     * seal groups; values are never turned.
     */
    default boolean wantsUnturned() {
        return false;
    }

    /** Whether it codes the rows of all heads of a stream as one, side by side: of codecs that seal groups. */
    default boolean joinsHeads() {
        return false;
    }

    /** The same group, of which only channels [channel, channel + channels) are decoded: of a codec that joins heads. */
    default GroupFormat format(int width, int channel, int channels) {
        throw new UnsupportedOperationException("kv codec " + name() + " codes each head by itself");
    }

    /** What rows of all heads are made of: of a codec that joins heads. */
    default KvFeatures features(int width) {
        throw new UnsupportedOperationException("kv codec " + name() + " codes each head by itself");
    }

    /** Whether it has to be told, by {@link #along}, what was measured of a layer's rows. */
    default boolean wantsBasis() {
        return false;
    }

    /** The same for one stream. */
    default KvCodec along(KvBasis measured) {
        return this;
    }

    /** The weight format of each row, where a row is coded by itself in one. Fast attention exists for these. */
    default Optional<WeightFormat> rowFormat() {
        return Optional.empty();
    }

    /** The same, of a codec that must have one: one of group 1. */
    default WeightFormat rows() {
        return rowFormat()
                .orElseThrow(() -> new IllegalArgumentException(
                        "attention over a kv codec that does not code row by row is not supported yet: " + name()));
    }

    /** What a row was multiplied by before it was coded, if anything: attention turns queries, or what it gives, instead. */
    default Optional<Hadamard> rotation(int width) {
        return Optional.empty();
    }
}
