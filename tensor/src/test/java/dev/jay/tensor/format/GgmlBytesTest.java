// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.jay.tensor.Shared;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Byte for byte what ggml writes and reads. */
class GgmlBytesTest {
    /** Those that the reference data has not: F32 is not coded, Q5_K has a test of its own. */
    private static final Set<String> ABSENT = Set.of("f32", "q5_k");

    static Stream<WeightFormat> coded() {
        return WeightFormats.ALL.names().stream()
                .filter(n -> !ABSENT.contains(n))
                .map(WeightFormats.ALL::make);
    }

    @ParameterizedTest
    @MethodSource("coded")
    void shouldEncodeAsGgmlDoes(WeightFormat format) throws IOException {
        MemorySegment input = read("input.f32");
        byte[] coded = new byte[(int) format.bytesFor(input.byteSize() / Float.BYTES)];
        format.encode(input, 0, input.byteSize() / Float.BYTES, MemorySegment.ofArray(coded), 0);
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

    /** The reference data has none: these are hashes of what ggml makes of the same input, built as its manifest says. */
    @Test
    void shouldCodeFiveBitsInGroupsAsGgmlDoes() throws Exception {
        WeightFormat format = WeightFormats.ALL.make("q5_k");
        MemorySegment input = read("input.f32");
        long count = input.byteSize() / Float.BYTES;
        byte[] coded = new byte[(int) format.bytesFor(count)];
        format.encode(input, 0, count, MemorySegment.ofArray(coded), 0);
        assertThat(hash(coded)).isEqualTo("1bee4deef220db69edeb306276de05fd7b8107626ae4230c0cbbf12db551889f");
        byte[] decoded = new byte[(int) input.byteSize()];
        format.decode(MemorySegment.ofArray(coded), 0, count, MemorySegment.ofArray(decoded), 0);
        assertThat(hash(decoded)).isEqualTo("4bae0cd8d5b4f0bdb75643ad66c75df52c9a650f21c7e8af9c756e1e235df260");
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
