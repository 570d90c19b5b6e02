// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.MappedFile;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.WholeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * Writes a model again in another weight format, tensor by tensor, whatever its architecture. Matrices named
 * {@code ...weight} are coded, all alike; vectors, norms, routers, position tables and small convolutions keep the type
 * they have, except that {@code f32} decodes everything. All metadata stays as it is but {@code general.file_type}; a
 * split model becomes one file, and one in safetensors a GGUF file.
 */
public final class Quantizer {
    private static final Pattern KEPT =
            Pattern.compile(".*(_norm|ffn_gate_inp|position_embd|token_types|conv1d)\\.weight");

    /**
     * What was done.
     *
     * @param bytesBefore of all tensors
     * @param tensors     how many tensors came out in which type
     * @param fallbacks   tensors whose rows do not fit the format's block, with the format they got instead
     * @param weighed     how many tensors were coded by the importance of their columns
     */
    public record Report(
            long bytesBefore,
            long bytesAfter,
            Map<String, Integer> tensors,
            Map<String, String> fallbacks,
            int weighed) {}

    private final Memory memory;
    private final Workers workers;
    private final WeightFormat format;
    private final Imatrix imatrix; // null: none
    private final Map<String, AdapterSet.Pair> merged;
    private final WriteProgress progress;
    private int weighed;
    private final Map<String, Integer> counts = new TreeMap<>();
    private final Map<String, String> fallbacks = new TreeMap<>();
    private long totalBytes;
    private long written;

    private Quantizer(
            Memory memory,
            Workers workers,
            WeightFormat format,
            Imatrix imatrix,
            Map<String, AdapterSet.Pair> merged,
            WriteProgress progress) {
        this.memory = memory;
        this.workers = workers;
        this.format = format;
        this.imatrix = imatrix;
        this.merged = merged;
        this.progress = progress;
    }

    /** As {@link #run(Memory, Workers, Path, Path, WeightFormat, Imatrix, WriteProgress)}, all columns alike. */
    public static Report run(
            Memory memory, Workers workers, Path in, Path out, WeightFormat format, WriteProgress progress)
            throws IOException {
        return run(memory, workers, in, out, format, null, progress);
    }

    /**
     * Reads {@code in} and writes {@code out}, which appears only when complete.
     *
     * @param imatrix how much columns matter, for formats that can use it and tensors that it knows; null: unknown
     * @throws IllegalArgumentException if {@code out} is {@code in}, or the format is unknown
     * @throws MalformedModelException  if {@code in} is no model, or has tensors to code of a type that we cannot decode
     */
    public static Report run(
            Memory memory,
            Workers workers,
            Path in,
            Path out,
            WeightFormat format,
            Imatrix imatrix,
            WriteProgress progress)
            throws IOException {
        return run(memory, workers, in, out, format, imatrix, _ -> null, metadata -> metadata, progress);
    }

    /** Reads the adapters that are to be merged into a model, rows in the order of GGUF. */
    public interface Merging {
        /** @return null for none; closed when the model is written */
        AdapterSet read(WeightSource model) throws IOException;
    }

    /**
     * As {@link #run}, with adapters added to the matrices they stand beside before those are coded.
     *
     * @param told what is written for the metadata of a source that is no GGUF file
     */
    public static Report run(
            Memory memory,
            Workers workers,
            Path in,
            Path out,
            WeightFormat format,
            Imatrix imatrix,
            Merging merging,
            UnaryOperator<Metadata> told,
            WriteProgress progress)
            throws IOException {
        try (WeightSource source = ModelFiles.open(memory, in)) {
            for (MappedFile file : source.files()) {
                Path input = file.path();
                if (isSame(input, out) || isSame(input, WholeFile.partOf(out))) {
                    throw new IllegalArgumentException(
                            "a model cannot be written over itself: in=" + in + ", out=" + out);
                }
            }
            try (AdapterSet adapters = merging.read(source)) {
                Map<String, AdapterSet.Pair> merged = adapters == null ? Map.of() : adapters.pairs();
                return new Quantizer(memory, workers, format, imatrix, merged, progress).write(source, told, out);
            }
        }
    }

    private static boolean isSame(Path input, Path out) throws IOException {
        return Files.exists(out) && Files.isSameFile(input, out);
    }

    private Report write(WeightSource source, UnaryOperator<Metadata> told, Path out) throws IOException {
        rejectUndecodable(source);
        GgufWriter writer = new GgufWriter();
        if (source instanceof Gguf gguf) writer.metadata(gguf);
        else told.apply(source.metadata()).values().forEach(writer::put);
        Gguf.SPLIT_KEYS.forEach(writer::remove);
        writer.remove(Safetensors.HALVES); // rows are written in the order of GGUF
        GgmlType.of(format).fileType().ifPresent(t -> writer.put("general.file_type", t));
        if (imatrix != null) writer.put("quantize.imatrix.file", imatrix.name());
        long before = 0;
        try (TensorCoder coder = new TensorCoder(memory, workers, imatrix == null ? 0 : longestRow(source))) {
            for (WeightSource.Entry entry : source.entries()) {
                before += entry.bytes().byteSize();
                plan(writer, coder, source, entry);
            }
            totalBytes = writer.tensorBytes();
            writer.write(out);
            return new Report(before, totalBytes, counts, fallbacks, weighed);
        }
    }

    private void plan(GgufWriter writer, TensorCoder coder, WeightSource source, WeightSource.Entry entry) {
        Optional<WeightFormat> wanted = isCoded(entry) ? Optional.of(fitting(entry)) : Optional.empty();
        GgmlType type = wanted.map(f -> GgmlType.of(f))
                .orElseGet(() -> GgmlType.of(entry.type()).orElseThrow());
        RowOrder order = RowOrder.of(source, entry);
        counts.merge(type.name(), 1, Integer::sum);
        AdapterSet.Pair adapter = merged.get(entry.name().replaceFirst("\\.weight$", ""));
        if (type.number() == entry.type() && adapter == null) {
            writer.tensor(entry.name(), entry.dims(), type, sink -> {
                source.check();
                order.copyTo(sink);
                advance(entry.bytes().byteSize(), entry.name());
            });
            return;
        }
        WeightFormat from = WeightFormats.byGgmlType(entry.type()).orElseThrow();
        long weights = entry.dims().stream().reduce(1L, Math::multiplyExact);
        Importance importance = imatrix == null ? null : imatrix.of(entry);
        if (importance != null) weighed++;
        writer.tensor(entry.name(), entry.dims(), type, sink -> {
            source.check();
            coder.write(
                    sink,
                    wanted.orElseThrow(),
                    weights,
                    (first, count, floats) -> {
                        order.decode(from, first, count, floats);
                        if (adapter != null) adapter.addTo(first, count, floats);
                    },
                    importance,
                    bytes -> advance(bytes, entry.name()));
        });
    }

    private static int longestRow(WeightSource source) {
        return source.entries().stream()
                .filter(Quantizer::isMatrix)
                .mapToInt(e -> Math.toIntExact(e.dims().getFirst()))
                .max()
                .orElse(0);
    }

    private void advance(long bytes, String tensor) {
        written += bytes;
        progress.wrote(written, totalBytes, tensor);
    }

    private boolean isCoded(WeightSource.Entry entry) {
        boolean decodable = WeightFormats.byGgmlType(entry.type()).isPresent();
        if (format.ggmlType() == 0) return decodable;
        return isMatrix(entry);
    }

    private static boolean isMatrix(WeightSource.Entry entry) {
        boolean manyRows = entry.dims().stream().skip(1).anyMatch(d -> d > 1);
        return manyRows
                && entry.name().endsWith("weight")
                && !KEPT.matcher(entry.name()).matches();
    }

    private void rejectUndecodable(WeightSource source) {
        List<String> names = source.entries().stream()
                .filter(Quantizer::isMatrix)
                .filter(e -> e.type() != format.ggmlType())
                .map(WeightSource.Entry::name)
                .toList();
        new MappedWeights(source).require(names);
    }

    private WeightFormat fitting(WeightSource.Entry entry) {
        WeightFormat fits = WeightFormats.fitting(format, entry.dims().getFirst());
        if (fits.ggmlType() != format.ggmlType()) fallbacks.put(entry.name(), fits.name());
        return fits;
    }
}
