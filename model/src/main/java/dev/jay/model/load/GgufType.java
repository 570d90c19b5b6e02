// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

/** The types of a GGUF metadata value, in the order of their numbers. */
enum GgufType {
    U8(1),
    I8(1),
    U16(2),
    I16(2),
    U32(4),
    I32(4),
    F32(4),
    BOOL(1),
    STRING(8),
    ARRAY(12),
    U64(8),
    I64(8),
    F64(8);

    /** Bytes that a value of this type takes in the file at the least. */
    final int leastBytes;

    GgufType(int leastBytes) {
        this.leastBytes = leastBytes;
    }

    int number() {
        return ordinal();
    }
}
