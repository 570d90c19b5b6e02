// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import dev.jay.tensor.Catalog;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Every weight format the runtime reads. To add one: write its file, add its line. */
public final class WeightFormats {
    public static final Catalog<WeightFormat> ALL = Catalog.of(
            "weight format",
            F32.ENTRY,
            F16.ENTRY,
            BF16.ENTRY,
            Q8_0.ENTRY,
            Q5_1.ENTRY,
            Q5_0.ENTRY,
            Q4_1.ENTRY,
            Q4_0.ENTRY,
            Q2_K.ENTRY,
            Q3_K.ENTRY,
            Q4_K.ENTRY,
            Q5_K.ENTRY,
            Q6_K.ENTRY,
            IQ4_NL.ENTRY,
            IQ4_XS.ENTRY,
            MXFP4.ENTRY,
            NF4.ENTRY);

    /** What rows may fall back to: formats of short blocks that need no table and no luck with their scales. */
    private static final List<WeightFormat> FALLBACKS =
            Stream.of("q4_0", "q5_0", "q8_0", "f16", "f32").map(ALL::make).toList();

    private static final Map<Integer, WeightFormat> BY_TYPE = ALL.names().stream()
            .map(ALL::make)
            .collect(Collectors.toUnmodifiableMap(WeightFormat::ggmlType, Function.identity()));

    private WeightFormats() {}

    /** The format GGUF files give this number; empty for one we cannot decode. */
    public static Optional<WeightFormat> byGgmlType(int type) {
        return Optional.ofNullable(BY_TYPE.get(type));
    }

    /** The format, or where its block does not divide the row, the smallest plain one that does and has as many bits. */
    public static WeightFormat fitting(WeightFormat wanted, long row) {
        if (row % wanted.blockSize() == 0) return wanted;
        return FALLBACKS.stream()
                .filter(f -> row % f.blockSize() == 0 && bitsPerWeight(f) >= bitsPerWeight(wanted))
                .min(Comparator.comparingDouble(WeightFormats::bitsPerWeight).thenComparing(WeightFormat::ggmlType))
                .orElseThrow();
    }

    /** Bits that a weight takes, its share of the scales included. */
    public static double bitsPerWeight(WeightFormat format) {
        return 8.0 * format.blockBytes() / format.blockSize();
    }
}
