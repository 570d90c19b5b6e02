// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A type that a safetensors file may give a tensor.
 *
 * @param bits of one element
 * @param ggml the number GGUF files have for the same, or {@link #NONE}
 */
record SafetensorsType(String name, int bits, int ggml) {
    static final int NONE = -1;

    static final SafetensorsType F32 = new SafetensorsType("F32", 32, 0);

    private static final Map<String, SafetensorsType> KNOWN = Arrays.stream(new SafetensorsType[] {
                F32,
                new SafetensorsType("F16", 16, 1),
                new SafetensorsType("BF16", 16, 30),
                new SafetensorsType("F64", 64, 28),
                new SafetensorsType("I64", 64, 27),
                new SafetensorsType("I32", 32, 26),
                new SafetensorsType("I16", 16, 25),
                new SafetensorsType("I8", 8, 24),
                new SafetensorsType("U64", 64, NONE),
                new SafetensorsType("U32", 32, NONE),
                new SafetensorsType("U16", 16, NONE),
                new SafetensorsType("U8", 8, NONE),
                new SafetensorsType("BOOL", 8, NONE),
                new SafetensorsType("C64", 64, NONE),
                new SafetensorsType("F8_E4M3", 8, NONE),
                new SafetensorsType("F8_E5M2", 8, NONE),
                new SafetensorsType("F8_E8M0", 8, NONE),
                new SafetensorsType("F6_E2M3", 6, NONE),
                new SafetensorsType("F6_E3M2", 6, NONE),
                new SafetensorsType("F4", 4, NONE),
            })
            .collect(Collectors.toUnmodifiableMap(SafetensorsType::name, Function.identity()));

    static Optional<SafetensorsType> of(String name) {
        return Optional.ofNullable(KNOWN.get(name));
    }
}
