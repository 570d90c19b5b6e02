// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import jdk.incubator.vector.VectorShape;

/** Asked by name, so that nothing else need be loaded to know whether the Vector API works. */
public final class VectorWidth {
    private VectorWidth() {}

    /** Bits of the widest vectors that this JVM compiles to single instructions. */
    public static int bits() {
        return VectorShape.preferredShape().vectorBitSize();
    }
}
