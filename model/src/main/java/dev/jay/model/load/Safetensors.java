// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.memory.MappedFile;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongUnaryOperator;

/**
 * A model in safetensors files, one or several with an index, with its config.json beside them. Mapped; presents itself
 * with the keys and names of a GGUF file. Matrices stay where the files have them; vectors are copied to f32, which is
 * what blocks take (they are a few thousandths of a model), and those that only GGUF files have are made. Owns its
 * mappings and the copies.
 *
 * <p>Without a config.json it is a file of tensors under their own names, of no architecture.
 */
public final class Safetensors implements WeightSource {
    /** Of a model whose rotary pairs are (i, i + half) where its family's GGUF files have them side by side: true. */
    public static final String HALVES = "jay.rotary.halves";

    private static final String COPIES = "weights-vectors";
    private static final int ALIGNMENT = 64;

    private final SafetensorsFiles place;
    private final List<MappedFile> files = new ArrayList<>();
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private Metadata metadata = new Metadata(Map.of());
    private Region copies; // null: none

    private Safetensors(SafetensorsFiles place) {
        this.place = place;
    }

    /**
     * @param path a folder, an index, or one of the files
     * @throws MalformedModelException if the files are not what they should be, or of a family that is not read
     */
    public static Safetensors open(Memory memory, Path path) throws IOException {
        Safetensors opened = new Safetensors(SafetensorsFiles.of(path));
        try {
            opened.read(memory);
            return opened;
        } catch (IOException | RuntimeException | Error e) {
            opened.close();
            throw e;
        }
    }

    private void read(Memory memory) throws IOException {
        Map<String, Entry> stored = new LinkedHashMap<>();
        for (Path path : place.files()) {
            for (Entry e : map(memory, path).entries()) {
                String file = String.valueOf(path.getFileName());
                String wanted = place.index().getOrDefault(e.name(), file);
                if (!wanted.equals(file)) continue; // a copy: the index says which one counts
                if (stored.put(e.name(), e) != null) {
                    throw wrong(path, "tensor comes twice: name=" + MalformedModelException.shown(e.name()));
                }
            }
        }
        List<String> missing = place.index().keySet().stream()
                .filter(n -> !stored.containsKey(n))
                .toList();
        if (!missing.isEmpty()) {
            throw wrong(place.folder(), "its index names tensors that its files have not: " + shortened(missing));
        }
        Path config = place.folder().resolve("config.json");
        if (!Files.isRegularFile(config)) {
            entries.putAll(stored);
            return;
        }
        translate(memory, stored, HfConfig.read(config));
    }

    private SafetensorsFile map(Memory memory, Path path) throws IOException {
        try {
            MappedFile file = memory.map("weights", path);
            files.add(file);
            return SafetensorsFile.read(path, file.bytes());
        } catch (NoSuchFileException e) {
            throw wrong(place.folder(), "a file of the model is missing: " + path.getFileName());
        }
    }

    private void translate(Memory memory, Map<String, Entry> stored, HfConfig whole) throws IOException {
        HfFamily family = HfFamilies.of(whole);
        HfConfig config = whole.inner("text_config").orElse(whole);
        Map<String, float[]> made = new LinkedHashMap<>();
        Map<String, Object> values = family.read(config, made);
        HfPooling.of(place.folder()).ifPresent(p -> values.put(family.architecture() + ".pooling_type", p));
        values.put("general.name", String.valueOf(place.folder().getFileName()));
        if (family.pairsSideBySide()) values.put(HALVES, true);
        if (TokenizerFiles.areIn(place.folder())) {
            values.putAll(TokenizerFiles.read(place.folder()));
            PaddedVocabulary.fill(values, config.whole("vocab_size", 0));
        }
        metadata = new Metadata(values);
        rename(stored, family, config);
        copyVectors(memory, family, made);
    }

    private void rename(Map<String, Entry> stored, HfFamily family, HfConfig config) {
        boolean said = config.has("tie_word_embeddings");
        boolean shared = config.flag("tie_word_embeddings").orElse(family.sharesHead());
        List<String> unknown = new ArrayList<>();
        for (Entry e : stored.values()) {
            if (HfNames.isIgnored(e.name()) || family.leavesOut(e.name())) continue;
            String name = HfNames.translate(family.names(), e.name()).orElse(null);
            if (name == null) {
                unknown.add(e.name());
            } else if (shared && name.equals("output.weight")) {
                continue; // the embedding is the head, whatever was saved besides
            } else if (entries.put(name, named(e, name)) != null) {
                throw wrong(place.folder(), "two tensors mean the same: " + name);
            }
        }
        if (!unknown.isEmpty()) {
            throw wrong(
                    place.folder(),
                    "tensors that " + config.text("model_type") + " has not, so what they do would be lost: "
                            + shortened(unknown));
        }
        if (family.hasHead() && said && !shared && !entries.containsKey("output.weight")) {
            throw wrong(place.folder(), "lacks lm_head.weight, and tie_word_embeddings is false");
        }
    }

    private static Entry named(Entry e, String name) {
        return new Entry(name, e.dims(), e.type(), e.typeName(), e.bytes());
    }

    /** One region for all vectors that are not f32 in the files as they are wanted. */
    private void copyVectors(Memory memory, HfFamily family, Map<String, float[]> made) {
        List<Entry> copied = entries.values().stream()
                .filter(e -> e.dims().size() == 1 && e.bytes().byteSize() > 0)
                .filter(e -> WeightFormats.byGgmlType(e.type()).isPresent())
                .filter(e -> e.type() != SafetensorsType.F32.ggml() || family.addedTo(e.name()) != 0)
                .toList();
        long bytes = 0;
        for (Entry e : copied) bytes += room(e.dims().getFirst());
        for (float[] v : made.values()) bytes += room(v.length);
        if (bytes == 0) return;
        copies = memory.reserve(COPIES, bytes);
        long at = 0;
        for (Entry e : copied) {
            int count = Math.toIntExact(e.dims().getFirst());
            MemorySegment to = copies.bytes().asSlice(at, 4L * count);
            WeightFormat from = WeightFormats.byGgmlType(e.type()).orElseThrow();
            from.decode(e.bytes(), 0, count, to, 0);
            float added = family.addedTo(e.name());
            if (added != 0) for (int i = 0; i < count; i++) Floats.set(to, i, Floats.get(to, i) + added);
            entries.put(e.name(), vector(e.name(), to));
            at += room(count);
        }
        for (Map.Entry<String, float[]> v : made.entrySet()) {
            MemorySegment to = copies.bytes().asSlice(at, 4L * v.getValue().length);
            MemorySegment.copy(v.getValue(), 0, to, Floats.LAYOUT, 0, v.getValue().length);
            if (entries.put(v.getKey(), vector(v.getKey(), to)) != null) {
                throw wrong(place.folder(), "two tensors mean the same: " + v.getKey());
            }
            at += room(v.getValue().length);
        }
    }

    private static long room(long count) {
        return Math.ceilDiv(4 * count, ALIGNMENT) * ALIGNMENT;
    }

    private static Entry vector(String name, MemorySegment f32) {
        SafetensorsType type = SafetensorsType.F32;
        return new Entry(name, List.of(f32.byteSize() / Float.BYTES), type.ggml(), type.name(), f32);
    }

    private static String shortened(List<String> names) {
        int most = 10;
        String shown = names.stream()
                .limit(most)
                .map(MalformedModelException::shown)
                .toList()
                .toString();
        return names.size() <= most ? shown : shown + " and " + (names.size() - most) + " more";
    }

    private static MalformedModelException wrong(Path path, String what) {
        return new MalformedModelException(path, 0, what);
    }

    @Override
    public Metadata metadata() {
        return metadata;
    }

    @Override
    public Collection<Entry> entries() {
        return Collections.unmodifiableCollection(entries.values());
    }

    @Override
    public Entry find(String name) {
        return entries.get(name);
    }

    @Override
    public List<MappedFile> files() {
        return Collections.unmodifiableList(files);
    }

    /** For queries and keys of a family whose GGUF files have rotary pairs side by side: 2i + j of a head is half j's i. */
    @Override
    public Optional<LongUnaryOperator> rowOrder(Entry entry) {
        String name = entry.name();
        boolean rotary = name.contains(".attn_q.") || name.contains(".attn_k.");
        if (!rotary || !metadata.flag(HALVES, false)) return Optional.empty();
        int width = metadata.integer(metadata.text("general.architecture") + ".attention.key_length");
        return Optional.of(row -> {
            long within = row % width;
            return row - within + within % 2 * (width / 2) + within / 2;
        });
    }

    @Override
    public void check() {
        files.forEach(MappedFile::check);
    }

    @Override
    public void close() {
        if (copies != null) copies.close();
        files.forEach(MappedFile::close);
    }
}
