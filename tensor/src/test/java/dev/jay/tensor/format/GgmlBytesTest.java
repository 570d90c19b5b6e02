// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.jay.tensor.Shared;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Byte for byte what ggml writes and reads. */
public class GgmlBytesTest {
    /** Those that the reference data has not: F32 is not coded, NF4 is not of ggml, the others have a test of their own. */
    private static final Set<String> ABSENT = Set.of("f32", "q2_k", "q3_k", "q5_k", "iq4_xs", "nf4");

    private static final Set<String> IGNORING_IMPORTANCE = Set.of("f32", "f16", "bf16", "q8_0", "mxfp4");

    private static final int ROW = 512;

    /** Whether the bytes of a format are held to ggml's, with and without importance. */
    public static boolean holds(String format) {
        return !ABSENT.contains(format)
                || Arrays.stream(GgmlBytesTest.class.getDeclaredMethods())
                        .map((Method m) -> m.getAnnotation(CsvSource.class))
                        .filter(Objects::nonNull)
                        .flatMap(csv -> Arrays.stream(csv.value()))
                        .anyMatch(row -> row.startsWith(format + ","));
    }

    /** Whether importance changes what a format that is held writes. */
    public static boolean usesImportance(String format) {
        return holds(format) && !IGNORING_IMPORTANCE.contains(format);
    }

    static Stream<WeightFormat> coded() {
        return WeightFormats.ALL.names().stream()
                .filter(n -> !ABSENT.contains(n))
                .map(WeightFormats.ALL::make);
    }

    @ParameterizedTest
    @MethodSource("coded")
    void shouldEncodeAsGgmlDoes(WeightFormat format) throws IOException {
        byte[] coded = plain(format);
        byte[] wanted = Files.readAllBytes(Shared.data("3-quant/" + upper(format) + ".quant"));
        assertThat(differing(coded, wanted, format)).isEqualTo("none");
    }

    @ParameterizedTest
    @MethodSource("coded")
    void shouldDecodeAsGgmlDoes(WeightFormat format) throws IOException {
        assertDecodes(format, upper(format));
        if (format.blockSize() > 1) assertDecodes(format, upper(format) + ".random-bytes");
    }

    @ParameterizedTest
    @MethodSource("coded")
    void shouldBeFoundByItsGgmlNumber(WeightFormat format) throws IOException {
        String manifest = Files.readString(Shared.data("3-quant/manifest.json")).replaceAll("\\s+", "");
        assumeThat(manifest).contains("\"" + upper(format) + "\":{");
        String entry = manifest.substring(manifest.indexOf("\"" + upper(format) + "\":{"));
        entry = entry.substring(entry.indexOf("\"ggml_type\""));
        assertThat(entry)
                .startsWith("\"ggml_type\":" + format.ggmlType() + ",\"block\":" + format.blockSize()
                        + ",\"block_bytes\":" + format.blockBytes() + "}");
        assertThat(WeightFormats.byGgmlType(format.ggmlType()).orElseThrow().name())
                .isEqualTo(format.name());
    }

    @ParameterizedTest
    @MethodSource("coded")
    void shouldEncodeByImportanceAsGgmlDoes(WeightFormat format) throws IOException {
        if (IGNORING_IMPORTANCE.contains(format.name())) {
            assertThat(byImportance(format)).isEqualTo(plain(format));
        } else {
            byte[] wanted = Files.readAllBytes(Shared.data("3-quant/" + upper(format) + ".imatrix.quant"));
            assertThat(differing(byImportance(format), wanted, format)).isEqualTo("none");
            assertThat(wanted).isNotEqualTo(plain(format));
        }
    }

    /**
     * The reference data has none: these are hashes of what ggml makes of the same input, built as its manifest says, plain
     * and by importance, and of what it decodes from 32 blocks of random bytes, where every NaN is one.
     */
    @ParameterizedTest
    @CsvSource({
        "q2_k, 26df34a4bb1d2a3e598802f8f7a1657b0c5a88c797eb6c52673583e687f180ab,"
                + "644d9374b5d112b10d294e5a420fa3f00b406d3bef96a4662716416b1fb173c6,"
                + "a89217e8085866f8e04b08ffb7868a403c2638d1b5d7a7d8ffe3a9e5fb9dacc7",
        "q3_k, 3c3a2a9f63ddb40a01f39aa6e9cde8fed62a4682c65c54ae46fec565ee70c4fd,"
                + "f23c8565a9afee63f384cc1f4f01839ba1823069c06776d1ddae77ea309232c6,"
                + "3eb5c6504e43a9e9314a7d46c8d7081544b271005e5a7c83d705d77593d174d9",
        "q5_k, 1bee4deef220db69edeb306276de05fd7b8107626ae4230c0cbbf12db551889f,"
                + "ba4764493b613d96fd8bfa7f9f6b4d1869744e81e680a2c6286a31e1cf91323c,"
                + "2b79372ff44cbf995d41dc00b961aee0ef3e02e286e7e637adddd33789b34c99",
        "iq4_xs, f7091cf8e2e4a5423cbd14f521e9c39e65963cb10eca53aaf026078dfa4c3476,"
                + "1c88878cd51a5c141bd04ae76d6f8e58ff12f8c141de6d5cf91f292174b9ced8,"
                + "2e167c0b38925fe782884428c7f0a8942843abb4ecc6c16339a5294680759186"
    })
    void shouldCodeAndDecodeAsGgmlDoes(String name, String coded, String byImportance, String decoded)
            throws Exception {
        WeightFormat format = WeightFormats.ALL.make(name);
        assertThat(hash(plain(format))).isEqualTo(coded);
        assertThat(hash(byImportance(format))).isEqualTo(byImportance);
        byte[] random = new byte[32 * format.blockBytes()];
        long state = 20261121;
        for (int i = 0; i < random.length; i++) {
            state = state * 6364136223846793005L + 1442695040888963407L;
            random[i] = (byte) (state >>> 56);
        }
        byte[] floats = new byte[32 * format.blockSize() * Float.BYTES];
        MemorySegment to = MemorySegment.ofArray(floats);
        format.decode(MemorySegment.ofArray(random), 0, 32L * format.blockSize(), to, 0);
        for (int i = 0; i < 32 * format.blockSize(); i++) {
            if (Float.isNaN(Floats.get(to, i))) to.set(Floats.INT, 4L * i, 0x7FC0_0000);
        }
        assertThat(hash(floats)).isEqualTo(decoded);
    }

    private static byte[] plain(WeightFormat format) throws IOException {
        MemorySegment input = read("input.f32");
        long count = input.byteSize() / Float.BYTES;
        byte[] coded = new byte[(int) format.bytesFor(count)];
        format.encode(input, 0, count, MemorySegment.ofArray(coded), 0);
        return coded;
    }

    /** Row by row; what is read of the importance begins in the middle of it, as an expert's does. */
    private static byte[] byImportance(WeightFormat format) throws IOException {
        MemorySegment input = read("input.f32");
        int rows = (int) (input.byteSize() / Float.BYTES / ROW);
        float[] importance = new float[2 * ROW];
        MemorySegment.copy(read("imatrix.f32"), Floats.LAYOUT, 0, importance, ROW, ROW);
        byte[] coded = new byte[(int) (rows * format.bytesFor(ROW))];
        for (int r = 0; r < rows; r++) {
            format.encodeRow(
                    input, 4L * r * ROW, importance, ROW, ROW, MemorySegment.ofArray(coded), r * format.bytesFor(ROW));
        }
        return coded;
    }

    private static String hash(byte[] bytes) throws NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private static void assertDecodes(WeightFormat format, String file) throws IOException {
        MemorySegment coded = read(file + ".quant");
        MemorySegment wanted = read(file + ".dequant.f32");
        long count = wanted.byteSize() / Float.BYTES;
        MemorySegment got = MemorySegment.ofArray(new float[(int) count]);
        format.decode(coded, 0, count, got, 0);
        for (long i = 0; i < count; i++) {
            float w = Floats.get(wanted, i);
            float g = Floats.get(got, i);
            if (Float.floatToIntBits(g) != Float.floatToIntBits(w)) { // the NaNs are one
                throw new AssertionError(file + ": weight " + i + " is " + g + ", ggml says " + w);
            }
        }
    }

    private static String differing(byte[] got, byte[] wanted, WeightFormat format) {
        assertThat(got).hasSameSizeAs(wanted);
        for (int i = 0; i < got.length; i++) {
            if (got[i] != wanted[i]) return "block " + i / format.blockBytes() + " byte " + i % format.blockBytes();
        }
        return "none";
    }

    private static String upper(WeightFormat format) {
        return format.name().toUpperCase(Locale.ROOT);
    }

    private static MemorySegment read(String name) throws IOException {
        return MemorySegment.ofArray(Files.readAllBytes(Shared.data("3-quant/" + name)));
    }
}
