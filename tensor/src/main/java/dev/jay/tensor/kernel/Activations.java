// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * x[n][cols], f32, dense, as input of matrix multiplications; packed at most once into each form that a kernel wants.
 * Borrows x and its packed forms from the pass's scratch; lives no longer than the mark it was made under.
 */
public final class Activations {
    private record Packed(ActivationForm form, MemorySegment bytes) {}

    private final MemorySegment x;
    private final int n;
    private final int cols;
    private final Scratch scratch;
    private final List<Packed> packed = new ArrayList<>(2);

    public Activations(MemorySegment x, int n, int cols, Scratch scratch) {
        if (x.byteSize() < 4L * n * cols) {
            throw new IllegalArgumentException("activations too short: n=" + n + ", cols=" + cols + ", wanted="
                    + 4L * n * cols + " bytes, got=" + x.byteSize());
        }
        this.x = x;
        this.n = n;
        this.cols = cols;
        this.scratch = scratch;
    }

    public int n() {
        return n;
    }

    public int cols() {
        return cols;
    }

    public MemorySegment f32() {
        return x;
    }

    /** Where the form's bytes are, or null if it has yet to be packed. */
    MemorySegment find(ActivationForm form) {
        for (Packed p : packed) if (p.form == form) return p.bytes;
        return null;
    }

    /** Room for the form; the caller packs into it. */
    MemorySegment add(ActivationForm form) {
        MemorySegment bytes = scratch.take(form.bytes(n, cols));
        packed.add(new Packed(form, bytes));
        return bytes;
    }
}
