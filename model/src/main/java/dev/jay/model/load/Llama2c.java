// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.memory.MappedFile;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A checkpoint of llama2.c (version 0): {@code [dim, hidden, layers, heads, kv heads, vocabulary, context: i32][weights:
 * f32 ...]}, each kind of weight for all layers in a row, then two tables of rotary frequencies that we skip, then the
 * head, unless it is the embedding (a negative vocabulary says that it is not). Mapped; presents itself with the keys
 * and names of a GGUF file. Queries and keys are already in the order of GGUF's {@code llama}: rotary pairs side by side.
 */
public final class Llama2c implements WeightSource {
    private static final int HEADER_BYTES = 7 * Integer.BYTES;
    private static final int MOST = 1 << 24; // of any number in the header

    /** The numbers of the header. */
    private record Shape(
            int dim, int hidden, int layers, int heads, int kvHeads, int vocabulary, int context, boolean sharesHead) {
        int headDim() {
            return dim / heads;
        }

        long kvDim() {
            return (long) headDim() * kvHeads;
        }
    }

    private final MappedFile file;
    private final Metadata metadata;
    private final Map<String, Entry> entries;

    private Llama2c(MappedFile file, Metadata metadata, Map<String, Entry> entries) {
        this.file = file;
        this.metadata = metadata;
        this.entries = Collections.unmodifiableMap(entries);
    }

    /**
     * Opens a checkpoint with the tokenizer that lies beside it: {@code tokN.bin}, where N is the vocabulary, or
     * {@code tokenizer.bin}.
     *
     * @throws MalformedModelException if it is not a llama2.c checkpoint, or no tokenizer is there
     */
    public static Llama2c open(Memory memory, Path path) throws IOException {
        return open(memory, path, null);
    }

    /** Opens a checkpoint with a tokenizer file of llama2.c; null looks for one beside it. */
    public static Llama2c open(Memory memory, Path path, Path tokenizer) throws IOException {
        MappedFile file = memory.map("weights", path);
        try {
            FileCursor cursor = new FileCursor(path, file.bytes());
            Shape shape = shape(cursor);
            Map<String, Entry> entries = place(cursor, shape, file.bytes());
            Map<String, Object> values = describe(path, shape);
            values.putAll(Llama2cVocabulary.read(path, tokenizer, shape.vocabulary));
            return new Llama2c(file, new Metadata(values), entries);
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    /** Whether the bytes have the size that their first numbers, read as a header of llama2.c, call for. */
    static boolean isOne(Path path, MemorySegment bytes) {
        try {
            FileCursor cursor = new FileCursor(path, bytes);
            place(cursor, shape(cursor), bytes);
            return true;
        } catch (MalformedModelException e) {
            return false;
        }
    }

    private static Shape shape(FileCursor cursor) {
        int dim = positive(cursor, "dim", false);
        int hidden = positive(cursor, "hidden", false);
        int layers = positive(cursor, "layers", false);
        int heads = positive(cursor, "heads", false);
        int kvHeads = positive(cursor, "kv heads", false);
        int vocabulary = positive(cursor, "vocabulary", true);
        int context = positive(cursor, "context", false);
        Shape shape = new Shape(dim, hidden, layers, heads, kvHeads, Math.abs(vocabulary), context, vocabulary > 0);
        if (dim % heads != 0 || shape.headDim() % 2 != 0 || heads % kvHeads != 0) {
            throw cursor.wrong(
                    0,
                    "the header's numbers do not fit together: dim=" + dim + ", heads=" + heads + ", kv heads="
                            + kvHeads);
        }
        return shape;
    }

    private static int positive(FileCursor cursor, String what, boolean orNegative) {
        long from = cursor.at();
        int v = cursor.i32(what);
        if (v == 0 || v < 0 && !orNegative || Math.abs((long) v) > MOST) {
            throw cursor.wrong(from, "not a llama2.c checkpoint: " + what + "=" + v + ", most=" + MOST);
        }
        return v;
    }

    /** Where everything lies; fails unless it comes to the size of the file exactly. */
    private static Map<String, Entry> place(FileCursor cursor, Shape s, MemorySegment bytes) {
        Layout layout = new Layout(cursor, bytes);
        layout.one("token_embd.weight", s.dim, s.vocabulary);
        layout.perLayer(s.layers, "attn_norm.weight", s.dim, 1);
        layout.perLayer(s.layers, "attn_q.weight", s.dim, s.dim);
        layout.perLayer(s.layers, "attn_k.weight", s.dim, s.kvDim());
        layout.perLayer(s.layers, "attn_v.weight", s.dim, s.kvDim());
        layout.perLayer(s.layers, "attn_output.weight", s.dim, s.dim);
        layout.perLayer(s.layers, "ffn_norm.weight", s.dim, 1);
        layout.perLayer(s.layers, "ffn_gate.weight", s.dim, s.hidden);
        layout.perLayer(s.layers, "ffn_down.weight", s.hidden, s.dim);
        layout.perLayer(s.layers, "ffn_up.weight", s.dim, s.hidden);
        layout.one("output_norm.weight", s.dim, 1);
        layout.skip(s.headDim(), s.context); // cosines, then sines, of half the head's width each
        if (!s.sharesHead) layout.one("output.weight", s.dim, s.vocabulary);
        layout.end();
        return layout.entries;
    }

    private static Map<String, Object> describe(Path path, Shape s) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("general.architecture", "llama");
        values.put("general.name", path.getFileName().toString());
        values.put("general.file_type", 0L);
        values.put("llama.context_length", (long) s.context);
        values.put("llama.embedding_length", (long) s.dim);
        values.put("llama.block_count", (long) s.layers);
        values.put("llama.feed_forward_length", (long) s.hidden);
        values.put("llama.attention.head_count", (long) s.heads);
        values.put("llama.attention.head_count_kv", (long) s.kvHeads);
        values.put("llama.attention.layer_norm_rms_epsilon", (double) 1e-5f);
        values.put("llama.rope.dimension_count", (long) s.headDim());
        values.put("llama.rope.freq_base", 10_000.0);
        values.put("llama.vocab_size", (long) s.vocabulary);
        return values;
    }

    @Override
    public Metadata metadata() {
        return metadata;
    }

    @Override
    public Collection<Entry> entries() {
        return entries.values();
    }

    @Override
    public Entry find(String name) {
        return entries.get(name);
    }

    @Override
    public List<MappedFile> files() {
        return List.of(file);
    }

    @Override
    public void check() {
        file.check();
    }

    @Override
    public void close() {
        file.close();
    }

    /** Lays tensors one after the other. */
    private static final class Layout {
        private static final GgmlType F32 = GgmlType.of(WeightFormats.ALL.make("f32"));

        private final FileCursor cursor;
        private final MemorySegment bytes;
        private final Map<String, Entry> entries = new LinkedHashMap<>();
        private long at = HEADER_BYTES;

        Layout(FileCursor cursor, MemorySegment bytes) {
            this.cursor = cursor;
            this.bytes = bytes;
        }

        void one(String name, long cols, long rows) {
            long size = size(cols, rows, 1);
            add(name, cols, rows, at, size);
            at += size;
        }

        void perLayer(int layers, String name, long cols, long rows) {
            long all = size(cols, rows, layers); // before the loop: a wrong number of layers ends here
            long size = all / layers;
            for (int l = 0; l < layers; l++) add("blk." + l + "." + name, cols, rows, at + l * size, size);
            at += all;
        }

        void skip(long cols, long rows) {
            at += size(cols, rows, 1);
        }

        void end() {
            if (at != bytes.byteSize()) {
                throw cursor.wrong(
                        0,
                        "not a llama2.c checkpoint: its header calls for " + at + " bytes, the file has "
                                + bytes.byteSize());
            }
        }

        private long size(long cols, long rows, long times) {
            long weights = cols * rows; // both below 2^25
            if (weights > Long.MAX_VALUE / Float.BYTES / times
                    || weights * times * Float.BYTES > bytes.byteSize() - at) {
                throw cursor.wrong(
                        0,
                        "not a llama2.c checkpoint: its header calls for more than the file's " + bytes.byteSize()
                                + " bytes");
            }
            return weights * times * Float.BYTES;
        }

        private void add(String name, long cols, long rows, long from, long size) {
            cursor.charge(400, "list of tensors");
            List<Long> dims = new ArrayList<>(List.of(cols));
            if (rows > 1) dims.add(rows);
            entries.put(name, new Entry(name, List.copyOf(dims), F32.number(), F32.name(), bytes.asSlice(from, size)));
        }
    }
}
