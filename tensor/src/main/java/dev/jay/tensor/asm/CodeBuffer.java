// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Bytes of code being written, its labels, and the places that wait for one. Knows no instruction set. */
public final class CodeBuffer {
    /** A displacement of {@code size} bytes at {@code at}, counted from {@code from}. */
    private record Fixup(int at, int size, int from, Label target) {}

    private final List<Fixup> fixups = new ArrayList<>();
    private byte[] bytes = new byte[1024];
    private int size;

    public int size() {
        return size;
    }

    public CodeBuffer int8(int v) {
        if (size == bytes.length) bytes = Arrays.copyOf(bytes, size * 2);
        bytes[size++] = (byte) v;
        return this;
    }

    public CodeBuffer int32(int v) {
        return little(v, 4);
    }

    /** The low {@code count} bytes of v, lowest first. */
    public CodeBuffer little(long v, int count) {
        for (int i = 0; i < count; i++) int8((int) (v >> 8 * i));
        return this;
    }

    public Label label() {
        return new Label();
    }

    public void bind(Label label) {
        label.bind(size);
    }

    /** Leaves {@code count} bytes at {@code at} to be filled with the distance from offset {@code from} to the label. */
    public void fix(int at, int count, int from, Label target) {
        fixups.add(new Fixup(at, count, from, target));
    }

    /**
     * The code, every distance filled in.
     *
     * @throws IllegalStateException if a label was never bound or lies too far for its displacement
     */
    public byte[] finish() {
        for (Fixup f : fixups) {
            int distance = f.target.offset() - f.from;
            if (f.size == 1 && distance != (byte) distance) {
                throw new IllegalStateException(
                        "label too far for a short jump: distance=" + distance + ", at=" + f.at);
            }
            for (int i = 0; i < f.size; i++) bytes[f.at + i] = (byte) (distance >> 8 * i);
        }
        return Arrays.copyOf(bytes, size);
    }
}
