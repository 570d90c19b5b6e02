// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.format.WeightFormat;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A number that a GGUF file may give as a tensor's type, with the sizes needed to find the tensor's bytes. Most of these
 * we cannot decode; that is what {@link dev.jay.tensor.format.WeightFormats} says.
 *
 * @param blockSize  weights in a block
 * @param blockBytes bytes of a block
 */
public record GgmlType(int number, String name, int blockSize, int blockBytes) {
    private static final Map<Integer, GgmlType> KNOWN = Arrays.stream(new GgmlType[] {
                new GgmlType(0, "F32", 1, 4),
                new GgmlType(1, "F16", 1, 2),
                new GgmlType(2, "Q4_0", 32, 18),
                new GgmlType(3, "Q4_1", 32, 20),
                new GgmlType(6, "Q5_0", 32, 22),
                new GgmlType(7, "Q5_1", 32, 24),
                new GgmlType(8, "Q8_0", 32, 34),
                new GgmlType(9, "Q8_1", 32, 36),
                new GgmlType(10, "Q2_K", 256, 84),
                new GgmlType(11, "Q3_K", 256, 110),
                new GgmlType(12, "Q4_K", 256, 144),
                new GgmlType(13, "Q5_K", 256, 176),
                new GgmlType(14, "Q6_K", 256, 210),
                new GgmlType(15, "Q8_K", 256, 292),
                new GgmlType(16, "IQ2_XXS", 256, 66),
                new GgmlType(17, "IQ2_XS", 256, 74),
                new GgmlType(18, "IQ3_XXS", 256, 98),
                new GgmlType(19, "IQ1_S", 256, 50),
                new GgmlType(20, "IQ4_NL", 32, 18),
                new GgmlType(21, "IQ3_S", 256, 110),
                new GgmlType(22, "IQ2_S", 256, 82),
                new GgmlType(23, "IQ4_XS", 256, 136),
                new GgmlType(24, "I8", 1, 1),
                new GgmlType(25, "I16", 1, 2),
                new GgmlType(26, "I32", 1, 4),
                new GgmlType(27, "I64", 1, 8),
                new GgmlType(28, "F64", 1, 8),
                new GgmlType(29, "IQ1_M", 256, 56),
                new GgmlType(30, "BF16", 1, 2),
                new GgmlType(34, "TQ1_0", 256, 54),
                new GgmlType(35, "TQ2_0", 256, 66),
                new GgmlType(39, "MXFP4", 32, 17),
                new GgmlType(40, "NVFP4", 64, 36),
                new GgmlType(41, "Q1_0", 128, 18),
                new GgmlType(42, "Q2_0", 64, 18),
                new GgmlType(0x4A04, "NF4", 256, 134), // Jay's own
            })
            .collect(Collectors.toUnmodifiableMap(GgmlType::number, Function.identity()));

    private static final Map<Integer, String> REMOVED = Map.of(
            4, "Q4_2",
            5, "Q4_3",
            31, "Q4_0_4_4",
            32, "Q4_0_4_8",
            33, "Q4_0_8_8",
            36, "IQ4_NL_4_4",
            37, "IQ4_NL_4_8",
            38, "IQ4_NL_8_8");

    /** By type, the number that {@code general.file_type} gives a file which is mostly of it. */
    private static final Map<Integer, Long> FILE_TYPES = Map.ofEntries(
            Map.entry(0, 0L),
            Map.entry(1, 1L),
            Map.entry(2, 2L),
            Map.entry(3, 3L),
            Map.entry(6, 8L),
            Map.entry(7, 9L),
            Map.entry(8, 7L),
            Map.entry(10, 10L),
            Map.entry(11, 11L),
            Map.entry(12, 14L),
            Map.entry(13, 16L),
            Map.entry(14, 18L),
            Map.entry(20, 25L),
            Map.entry(23, 30L),
            Map.entry(30, 32L),
            Map.entry(39, 38L),
            Map.entry(0x4A04, 0x4A04L));

    public static Optional<GgmlType> of(int number) {
        return Optional.ofNullable(KNOWN.get(number));
    }

    static GgmlType of(WeightFormat format) {
        return KNOWN.get(format.ggmlType());
    }

    /** What {@code general.file_type} says of a file mostly of this type; empty where the two lists do not meet. */
    Optional<Long> fileType() {
        return Optional.ofNullable(FILE_TYPES.get(number));
    }

    /** The type that a file with this {@code general.file_type} is mostly of. */
    public static Optional<GgmlType> ofFileType(long fileType) {
        return FILE_TYPES.entrySet().stream()
                .filter(e -> e.getValue() == fileType)
                .findFirst()
                .flatMap(e -> of(e.getKey()));
    }

    /** The name of a type that once had this number and that no runtime reads any more. */
    static Optional<String> removed(int number) {
        return Optional.ofNullable(REMOVED.get(number));
    }
}
