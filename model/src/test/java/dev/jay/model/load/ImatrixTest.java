// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImatrixTest {
    private static final int COLS = 512;
    private static final int ROWS = 300;
    private static final int EXPERTS = 3;
    private static final int TIMES = 7;

    @TempDir
    Path folder;

    private final Random random = new Random(20261121);
    private final float[] sums = floats(COLS, true);
    private final float[] expertSums = floats(COLS * EXPERTS, true);

    private float[] floats(int count, boolean positive) {
        float[] v = new float[count];
        for (int i = 0; i < count; i++)
            v[i] = (float) (positive ? Math.exp(random.nextGaussian()) : random.nextGaussian());
        return v;
    }

    private static void tensor(GgufWriter writer, String name, List<Long> dims, float[] values) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[4 * values.length]);
        MemorySegment.copy(values, 0, bytes, Floats.LAYOUT, 0, values.length);
        writer.tensor(name, dims, GgmlType.of(0).orElseThrow(), sink -> sink.write(bytes));
    }

    private Path model() throws IOException {
        GgufWriter writer = new GgufWriter().put("general.architecture", "llama");
        tensor(writer, "a.weight", List.of((long) COLS, (long) ROWS), floats(COLS * ROWS, false));
        tensor(writer, "b.weight", List.of((long) COLS, 5L, (long) EXPERTS), floats(COLS * 5 * EXPERTS, false));
        tensor(writer, "c.weight", List.of((long) COLS, 2L), floats(COLS * 2, false));
        writer.write(folder.resolve("model.gguf"));
        return folder.resolve("model.gguf");
    }

    /** As llama-imatrix writes it now; the second expert was never asked. */
    private Path gguf() throws IOException {
        GgufWriter writer = new GgufWriter().put("general.type", "imatrix");
        tensor(writer, "a.weight.in_sum2", List.of((long) COLS), sums);
        tensor(writer, "a.weight.counts", List.of(1L), new float[] {TIMES});
        tensor(writer, "b.weight.in_sum2", List.of((long) COLS, (long) EXPERTS), expertSums);
        tensor(writer, "b.weight.counts", List.of(1L, (long) EXPERTS), new float[] {TIMES, 0, 2});
        writer.write(folder.resolve("imatrix.gguf"));
        return folder.resolve("imatrix.gguf");
    }

    private Path legacy() throws IOException {
        byte[] name = "a.weight".getBytes(StandardCharsets.UTF_8);
        ByteBuffer b = ByteBuffer.allocate(16 + name.length + 4 * COLS + 4).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(1).putInt(name.length).put(name).putInt(TIMES).putInt(COLS);
        for (float v : sums) b.putFloat(v);
        b.putInt(99); // what follows is of no use to us
        return Files.write(folder.resolve("imatrix.dat"), b.array());
    }

    private Path quantized(Path model, Path imatrix, String format, int threads, int weighed) throws IOException {
        Path out = folder.resolve(format + ".gguf");
        try (Memory memory = Memory.withBudget(64 << 20);
                Workers workers = Workers.of(threads);
                Imatrix importance = Imatrix.open(memory, imatrix)) {
            Quantizer.Report report = Quantizer.run(
                    memory, workers, model, out, WeightFormats.ALL.make(format), importance, (d, t, n) -> {});
            assertThat(report.weighed()).isEqualTo(weighed);
        }
        return out;
    }

    private void assertCoded(WeightFormat format, WeightSource before, WeightSource after, String name, float[] by) {
        WeightSource.Entry e = before.find(name);
        int rows = Math.toIntExact(e.bytes().byteSize() / 4 / COLS);
        byte[] wanted = new byte[(int) (rows * format.bytesFor(COLS))];
        int matrices = by == null ? 1 : by.length / COLS;
        for (int r = 0; r < rows; r++) {
            long at = r * format.bytesFor(COLS);
            if (by == null) format.encode(e.bytes(), 4L * r * COLS, COLS, MemorySegment.ofArray(wanted), at);
            else {
                int first = r / (rows / matrices) * COLS;
                format.encodeRow(e.bytes(), 4L * r * COLS, by, first, COLS, MemorySegment.ofArray(wanted), at);
            }
        }
        assertThat(after.find(name).bytes().mismatch(MemorySegment.ofArray(wanted)))
                .as(name)
                .isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"q4_k", "q3_k", "q4_0", "q8_0"})
    void shouldCodeEveryRowByTheMeanSquaresOfItsMatrix(String name) throws IOException {
        WeightFormat format = WeightFormats.ALL.make(name);
        Path model = model();
        float[] means = sums.clone();
        for (int i = 0; i < COLS; i++) means[i] /= TIMES;
        float[] ofExperts = expertSums.clone();
        for (int i = 0; i < ofExperts.length; i++) {
            ofExperts[i] = i / COLS == 1 ? 1 : ofExperts[i] / (i / COLS == 0 ? TIMES : 2);
        }
        Path out = quantized(model, gguf(), name, 2, 2);
        try (Memory memory = Memory.withBudget(0);
                WeightSource before = ModelFiles.open(memory, model);
                WeightSource after = ModelFiles.open(memory, out)) {
            assertCoded(format, before, after, "a.weight", means);
            assertCoded(format, before, after, "b.weight", ofExperts);
            assertCoded(format, before, after, "c.weight", null);
            assertThat(after.metadata().text("quantize.imatrix.file")).isEqualTo("imatrix.gguf");
        }
        out = quantized(model, legacy(), name, 1, 1);
        try (Memory memory = Memory.withBudget(0);
                WeightSource before = ModelFiles.open(memory, model);
                WeightSource after = ModelFiles.open(memory, out)) {
            assertCoded(format, before, after, "a.weight", means);
            assertCoded(format, before, after, "b.weight", null);
        }
    }

    @Test
    void shouldLoseLessWhereItMatters() throws IOException {
        float[] x = floats(COLS, false);
        for (String name : List.of("q2_k", "q3_k", "q4_k", "q4_0", "q4_1", "q5_0", "q5_1", "iq4_nl", "iq4_xs")) {
            WeightFormat format = WeightFormats.ALL.make(name);
            byte[] coded = new byte[(int) format.bytesFor(COLS)];
            format.encode(MemorySegment.ofArray(x), 0, COLS, MemorySegment.ofArray(coded), 0);
            double plain = weightedError(format, x, coded);
            format.encodeRow(MemorySegment.ofArray(x), 0, sums, 0, COLS, MemorySegment.ofArray(coded), 0);
            assertThat(weightedError(format, x, coded)).as(name).isLessThan(plain);
        }
    }

    private double weightedError(WeightFormat format, float[] x, byte[] coded) {
        MemorySegment back = MemorySegment.ofArray(new float[COLS]);
        format.decode(MemorySegment.ofArray(coded), 0, COLS, back, 0);
        double error = 0;
        for (int i = 0; i < COLS; i++) error += sums[i] * Math.pow(x[i] - Floats.get(back, i), 2);
        return error;
    }

    @Test
    void shouldRefuseWhatIsNoImatrixOrOfAnotherModel() throws IOException {
        Path model = model();
        assertRefused(model, model, "not an imatrix: no tensor *.in_sum2");
        assertRefused(model, Files.write(folder.resolve("short"), new byte[3]), "longer than the file");
        assertRefused(model, Files.write(folder.resolve("zeros"), new byte[64]), "not an imatrix: entries=0");
        byte[] sound = Files.readAllBytes(legacy());
        for (Map.Entry<Integer, String> change : Map.of(
                        0, "entries=", 4, "length of a name=", 16, "values of a.weight", 20, "values of a.weight")
                .entrySet()) {
            byte[] broken = sound.clone();
            ByteBuffer.wrap(broken).order(ByteOrder.LITTLE_ENDIAN).putInt(change.getKey(), Integer.MAX_VALUE);
            if (change.getKey() == 16) continue; // the number of calls is what it is
            assertRefused(model, Files.write(folder.resolve("broken"), broken), change.getValue());
        }
        GgufWriter writer = new GgufWriter().put("general.type", "imatrix");
        tensor(writer, "a.weight.in_sum2", List.of(64L), new float[64]);
        tensor(writer, "a.weight.counts", List.of(1L), new float[] {1});
        writer.write(folder.resolve("other.gguf"));
        assertRefused(model, folder.resolve("other.gguf"), "has 64 values, the model's matrix has [512, 300]");
        sums[3] = Float.NaN;
        assertRefused(model, gguf(), "has a value that is no mean of squares: NaN");
    }

    private void assertRefused(Path model, Path imatrix, String told) {
        assertThatThrownBy(() -> quantized(model, imatrix, "q4_k", 1, 0))
                .isInstanceOf(MalformedModelException.class)
                .hasMessageContaining(told);
        assertThat(folder.resolve("q4_k.gguf")).doesNotExist();
    }
}
