// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Low-rank adapters of a model's matrices: to y = x . w' of a site comes scale * (x . a') . b'. Read from GGUF (as
 * llama.cpp has them) or from a folder of PEFT's; f32, the scale already in b, rows in the order of the model they are
 * for. Owns its bytes (purpose {@code adapter}).
 */
public final class AdapterSet implements AutoCloseable {
    /** Every matrix of a block that an adapter may stand beside, and what PEFT calls it. */
    public static final Map<String, String> SITES = Collections.unmodifiableMap(new LinkedHashMap<>(sites()));

    private static final int MOST_RANK = 4096;
    private static final int DIGEST_BYTES = 16;
    private static final String A = ".weight.lora_a";
    private static final String B = ".weight.lora_b";

    /**
     * One adapter.
     *
     * @param site as {@code blk.0.attn_q}
     * @param a    f32 [rank][cols]
     * @param b    f32 [rows][rank]
     */
    public record Pair(String site, int rank, int rows, int cols, MemorySegment a, MemorySegment b) {
        /** Some rows of it, which are a matrix to whoever multiplies. */
        private Pair part(String name, int from, int count) {
            String own = site.substring(0, site.lastIndexOf('.') + 1) + name;
            return new Pair(own, rank, count, cols, a, b.asSlice(4L * from * rank, 4L * count * rank));
        }

        /** Adds b . a to the weights {@code [first, first + count)} of the matrix. */
        void addTo(long first, int count, MemorySegment weights) {
            for (int i = 0; i < count; i++) {
                long row = (first + i) / cols;
                long col = (first + i) % cols;
                double sum = Floats.get(weights, i);
                for (int k = 0; k < rank; k++) {
                    sum += (double) Floats.get(b, row * rank + k) * Floats.get(a, (long) k * cols + col);
                }
                Floats.set(weights, i, (float) sum);
            }
        }
    }

    private final Map<String, Pair> pairs;
    private final Map<String, Pair> parts;
    private final Region bytes;

    private AdapterSet(Map<String, Pair> pairs, Map<String, Pair> parts, Region bytes) {
        this.pairs = pairs;
        this.parts = parts;
        this.bytes = bytes;
    }

    private static Map<String, String> sites() {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("attn_q", "self_attn.q_proj");
        all.put("attn_k", "self_attn.k_proj");
        all.put("attn_v", "self_attn.v_proj");
        all.put("attn_qkv", "self_attn.qkv_proj");
        all.put("attn_output", "self_attn.o_proj");
        all.put("ffn_gate", "mlp.gate_proj");
        all.put("ffn_up", "mlp.up_proj");
        all.put("ffn_down", "mlp.down_proj");
        return all;
    }

    /**
     * Reads adapters for a model.
     *
     * @param path  a GGUF file, a folder with adapter_config.json, or its adapter_model.safetensors
     * @param spec  of the model, whose rotary pairs say in which order its rows are
     * @param model what they are for
     * @throws MalformedModelException if the file is no adapter, or of another model; it says what does not fit
     */
    public static AdapterSet read(Memory memory, Path path, ModelSpec spec, WeightSource model) throws IOException {
        boolean family = spec.rotary().interleaved() || model.metadata().flag(Safetensors.HALVES, false);
        boolean isPeft = Files.isDirectory(path) || path.toString().endsWith(SafetensorsFiles.SUFFIX);
        if (isPeft) {
            Path folder = Files.isDirectory(path) ? path : path.toAbsolutePath().getParent();
            Path file = Files.isDirectory(path) ? path.resolve(PeftFiles.WEIGHTS) : path;
            PeftFiles.Config config = PeftFiles.Config.read(folder.resolve(PeftFiles.CONFIG));
            try (WeightSource stored = Safetensors.open(memory, file)) {
                Map<String, WeightSource.Entry[]> found = PeftFiles.pairs(stored, path);
                return new Reader(memory, path, spec, model, spec.rotary().interleaved(), false)
                        .read(found, config::scale);
            }
        }
        try (WeightSource stored = ModelFiles.open(memory, path)) {
            Metadata said = stored.metadata();
            String type = said.optionalText("general.type").orElse("model");
            String kind = said.optionalText("adapter.type").orElse("");
            if (!type.equals("adapter") || !kind.equals("lora")) {
                throw wrong(
                        path, "general.type=" + type + ", adapter.type=" + kind + ", wanted: an adapter of type lora");
            }
            String architecture = said.text("general.architecture");
            if (!architecture.equals(spec.architecture())) {
                throw wrong(path, "it is for architecture=" + architecture + ", the model is " + spec.architecture());
            }
            double alpha = said.real("adapter.lora.alpha", 0); // 0: its product as it is, as llama.cpp has it
            boolean reordered = family && !spec.rotary().interleaved();
            return new Reader(memory, path, spec, model, reordered, true)
                    .read(ggufPairs(stored, path), rank -> alpha == 0 ? 1 : alpha / rank);
        }
    }

    /** As {@link #read}, with rows in the order in which GGUF files have those of the model's family. */
    public static AdapterSet readForGguf(Memory memory, Path path, ModelSpec spec, WeightSource model)
            throws IOException {
        ModelSpec.Rotary r = spec.rotary();
        boolean family = r.interleaved() || model.metadata().flag(Safetensors.HALVES, false);
        ModelSpec.Rotary inFiles = new ModelSpec.Rotary(r.dim(), r.base(), family, r.factors());
        return read(memory, path, spec.withRotary(inFiles), model);
    }

    private static Map<String, WeightSource.Entry[]> ggufPairs(WeightSource stored, Path path) {
        Map<String, WeightSource.Entry[]> found = new LinkedHashMap<>();
        for (WeightSource.Entry e : stored.entries()) {
            boolean isA = e.name().endsWith(A);
            if (!isA && !e.name().endsWith(B)) {
                throw wrong(
                        path,
                        "tensor " + MalformedModelException.shown(e.name()) + ": wanted names that end with " + A
                                + " or " + B);
            }
            String site = e.name().substring(0, e.name().length() - A.length());
            found.computeIfAbsent(site, _ -> new WeightSource.Entry[2])[isA ? 0 : 1] = e;
        }
        return found;
    }

    static MalformedModelException wrong(Path path, String what) {
        return new MalformedModelException(path, 0, "adapter: " + what);
    }

    interface Scale {
        double of(int rank);
    }

    /** @param toHalves where rows of queries and keys are reordered: to halves, or to pairs side by side */
    private record Reader(
            Memory memory, Path path, ModelSpec spec, WeightSource model, boolean reordered, boolean toHalves) {
        AdapterSet read(Map<String, WeightSource.Entry[]> found, Scale scale) {
            if (found.isEmpty()) throw wrong(path, "it has no tensors");
            Map<String, Pair> shapes = new LinkedHashMap<>();
            found.forEach((site, two) -> shapes.put(site, checked(site, two)));
            long bytes = shapes.values().stream()
                    .mapToLong(p -> Scratch.sizeOf(4L * p.rank * p.cols) + Scratch.sizeOf(4L * p.rows * p.rank))
                    .sum();
            Region region = memory.reserve("adapter", bytes);
            Scratch room = new Scratch(region.bytes());
            Map<String, Pair> pairs = new LinkedHashMap<>();
            shapes.forEach((site, p) -> {
                MemorySegment a = decoded(found.get(site)[0], room);
                MemorySegment b = decoded(found.get(site)[1], room);
                float by = (float) scale.of(p.rank);
                for (long i = 0; i < (long) p.rows * p.rank; i++) Floats.set(b, i, by * Floats.get(b, i));
                if (reordered && isTurned(site))
                    b.copyFrom(AdapterSet.reordered(b, p.rows, p.rank, spec.headDim(), toHalves));
                pairs.put(site, new Pair(site, p.rank, p.rows, p.cols, a, b));
            });
            Map<String, Pair> parts = new LinkedHashMap<>();
            pairs.values().forEach(p -> parts(p).forEach(part -> parts.put(part.site, part)));
            return new AdapterSet(Collections.unmodifiableMap(pairs), Collections.unmodifiableMap(parts), region);
        }

        /** A matrix that holds several, as some families' files have it, is multiplied as these. */
        private List<Pair> parts(Pair p) {
            int queries = spec.heads() * spec.headDim();
            int keys = spec.kvHeads() * spec.headDim();
            if (p.site.endsWith(".attn_qkv") && p.rows == queries + 2 * keys) {
                return List.of(
                        p.part("attn_q", 0, queries),
                        p.part("attn_k", queries, keys),
                        p.part("attn_v", queries + keys, keys));
            }
            int hidden = spec.hidden();
            boolean isGateToo = p.site.endsWith(".ffn_up") && p.rows == 2 * hidden;
            return isGateToo ? List.of(p.part("ffn_gate", 0, hidden), p.part("ffn_up", hidden, hidden)) : List.of(p);
        }

        private Pair checked(String site, WeightSource.Entry[] two) {
            String shown = MalformedModelException.shown(site);
            if (two[0] == null || two[1] == null) throw wrong(path, shown + " has one tensor of two");
            String name = site.substring(site.lastIndexOf('.') + 1);
            WeightSource.Entry w = model.find(site + ".weight");
            if (w == null || !SITES.containsKey(name) || !site.startsWith("blk.")) {
                throw wrong(
                        path,
                        shown + " is no matrix of this model that adapters may stand beside, which are "
                                + SITES.keySet() + " of its blocks, not those of experts");
            }
            long cols = w.dims().get(0);
            long rows = w.dims().get(1);
            if (two[0].dims().size() != 2 || two[1].dims().size() != 2) throw wrong(path, shown + ": wanted matrices");
            long rank = two[0].dims().get(1);
            if (rank < 1
                    || rank > MOST_RANK
                    || two[0].dims().get(0) != cols
                    || two[1].dims().get(0) != rank
                    || two[1].dims().get(1) != rows) {
                throw wrong(
                        path,
                        shown + ": a=" + two[0].dims() + ", b=" + two[1].dims() + ", wanted: [" + cols
                                + ", rank] and [rank, " + rows + "], rank from 1 to " + MOST_RANK);
            }
            return new Pair(site, (int) rank, (int) rows, (int) cols, null, null);
        }

        private MemorySegment decoded(WeightSource.Entry e, Scratch room) {
            long count = e.dims().get(0) * e.dims().get(1);
            WeightFormat format = WeightFormats.byGgmlType(e.type())
                    .orElseThrow(() -> wrong(path, e.name() + " is " + e.typeName() + ", which is not decoded"));
            MemorySegment to = room.floats(count);
            format.decode(e.bytes(), 0, count, to, 0);
            return to;
        }
    }

    /** Queries and keys are turned by their positions, so the order of their rows matters. */
    static boolean isTurned(String site) {
        return site.endsWith(".attn_q") || site.endsWith(".attn_k");
    }

    /** Rows [rows][width] with those of each head in the other order: pairs (2i, 2i + 1), or (i, i + half). */
    static MemorySegment reordered(MemorySegment b, int rows, int width, int headDim, boolean toHalves) {
        MemorySegment out = MemorySegment.ofArray(new byte[4 * rows * width]);
        long bytes = 4L * width;
        for (int r = 0; r < rows; r++) {
            int within = r % headDim;
            int sideBySide = r - within + within % (headDim / 2) * 2 + within / (headDim / 2);
            // r counts in halves
            if (toHalves) MemorySegment.copy(b, sideBySide * bytes, out, r * bytes, bytes);
            else MemorySegment.copy(b, r * bytes, out, sideBySide * bytes, bytes);
        }
        return out;
    }

    /** By site, as the model's file has its matrices; borrowed. */
    public Map<String, Pair> pairs() {
        return pairs;
    }

    /** By site, as they are multiplied: of a matrix that holds several, one for each of them; borrowed. */
    public Map<String, Pair> parts() {
        return parts;
    }

    /** The greatest rank. */
    public int rank() {
        return pairs.values().stream().mapToInt(Pair::rank).max().orElseThrow();
    }

    /** The same for the same adapters, wherever they lie; of others it differs. Hexadecimal digits. */
    public String digest() {
        MessageDigest all;
        try {
            all = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK lacks SHA-256", e);
        }
        for (Pair p : pairs.values()) {
            all.update((p.site + ' ' + p.rank + '\n').getBytes(StandardCharsets.UTF_8));
            all.update(p.a.asByteBuffer());
            all.update(p.b.asByteBuffer());
        }
        return HexFormat.of().formatHex(all.digest(), 0, DIGEST_BYTES);
    }

    @Override
    public void close() {
        bytes.close();
    }
}
