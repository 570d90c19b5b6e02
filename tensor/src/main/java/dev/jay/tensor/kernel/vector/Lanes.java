// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import dev.jay.tensor.format.Floats;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The widest vectors of this machine over raw addresses. Values of a row are worked on in steps of {@link #STEP}: the
 * even vectors of a row go to one sum and the odd ones to another, everywhere, and sums are folded in one order
 * ({@link #sum}); so a product of two rows has the same bits whichever code computes it.
 */
final class Lanes {
    /** All of memory as one segment: no bounds and no liveness are left to check in a loop. */
    static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
    static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
    static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
    static final int LENGTH = F.length();
    static final int BYTES = LENGTH * Float.BYTES;

    /** Rows in working space are padded with zeros to this many values, two vectors at least on every machine. */
    static final int STEP = 32;

    /** True where a vector holds 16 floats: a table of sixteen is then one instruction. */
    static final boolean WIDE = LENGTH == 16;

    private static final long ADDRESSES = (1L << 56) - 1; // no machine gives a process more

    private static final VectorSpecies<Byte> B = LENGTH == 16 ? ByteVector.SPECIES_128 : ByteVector.SPECIES_64;
    private static final VectorSpecies<Short> S =
            LENGTH == 16 ? ShortVector.SPECIES_256 : LENGTH == 8 ? ShortVector.SPECIES_128 : ShortVector.SPECIES_64;
    private static final VectorShuffle<Float> BY_8 = VectorShuffle.iota(F, 8, 1, true);
    private static final VectorShuffle<Float> BY_4 = VectorShuffle.iota(F, 4, 1, true);
    private static final VectorShuffle<Float> BY_2 = VectorShuffle.iota(F, 2, 1, true);
    private static final VectorShuffle<Float> BY_1 = VectorShuffle.iota(F, 1, 1, true);
    private static final IntVector TO_TOP =
            IntVector.zero(I).addIndex(1).neg().add(3).mul(8); // 24, 16, 8, 0

    private Lanes() {}

    /**
     * The same address, in a form that the compiler knows to be within {@link #ALL} whatever an int index adds to it:
     * then no bounds check is left, and no loop is split for one. Done once, where a loop's method begins.
     */
    static long trusted(long address) {
        return address & ADDRESSES;
    }

    static int padded(int cols) {
        return (cols + STEP - 1) / STEP * STEP;
    }

    static FloatVector floats(long address) {
        return FloatVector.fromMemorySegment(F, ALL, address, LE);
    }

    /** Zeros where the mask is not set, and nothing read there. */
    static FloatVector floats(long address, VectorMask<Float> mask) {
        return FloatVector.fromMemorySegment(F, ALL, address, LE, mask);
    }

    static void store(FloatVector v, long address, VectorMask<Float> mask) {
        v.intoMemorySegment(ALL, address, LE, mask);
    }

    static void store(FloatVector v, long address) {
        v.intoMemorySegment(ALL, address, LE);
    }

    static FloatVector all(float v) {
        return FloatVector.broadcast(F, v);
    }

    static float get(long address) {
        return ALL.get(Floats.LAYOUT, address);
    }

    static void set(long address, float v) {
        ALL.set(Floats.LAYOUT, address, v);
    }

    static float half(long address) {
        return Float.float16ToFloat(ALL.get(Floats.SHORT, address));
    }

    static int word(long address) {
        return ALL.get(Floats.INT, address);
    }

    static int unsigned(long address) {
        return ALL.get(ValueLayout.JAVA_BYTE, address) & 0xff;
    }

    /** Signed bytes, widened. Reads {@link #LENGTH} bytes and no more. */
    static IntVector bytes(long address) {
        if (LENGTH == 4) { // there is no vector of four bytes
            return IntVector.broadcast(I, ALL.get(Floats.INT, address))
                    .lanewise(VectorOperators.LSHL, TO_TOP)
                    .lanewise(VectorOperators.ASHR, 24);
        }
        return (IntVector) ByteVector.fromMemorySegment(B, ALL, address, LE).convertShape(VectorOperators.B2I, I, 0);
    }

    /** Signed shorts, widened. */
    static IntVector shorts(long address) {
        return (IntVector) ShortVector.fromMemorySegment(S, ALL, address, LE).convertShape(VectorOperators.S2I, I, 0);
    }

    static FloatVector toFloat(IntVector v) {
        return (FloatVector) v.convert(VectorOperators.I2F, 0);
    }

    /** The sum of all lanes in one fixed order; the API's own reduction leaves the order open. */
    static float sum(FloatVector v) {
        FloatVector s = v;
        if (LENGTH >= 16) s = s.add(s.rearrange(BY_8));
        if (LENGTH >= 8) s = s.add(s.rearrange(BY_4));
        s = s.add(s.rearrange(BY_2));
        return s.add(s.rearrange(BY_1)).lane(0);
    }
}
