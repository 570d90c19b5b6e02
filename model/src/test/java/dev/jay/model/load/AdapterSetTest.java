// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.memory.MappedFile;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Adapters written both ways and read back, in each of the two orders that rows of queries and keys can have. */
class AdapterSetTest {
    private static final int HEAD_DIM = 8;
    private static final int ROWS = 16;
    private static final int COLS = 12;
    private static final int RANK = 3;
    private static final double ALPHA = 6;

    @TempDir
    private Path folder;

    /** Shapes of matrices, and which order their rows are in; no bytes. */
    private record Model(String architecture, boolean halves) implements WeightSource {
        @Override
        public Metadata metadata() {
            return halves ? new Metadata(Map.of(Safetensors.HALVES, true)) : new Metadata(Map.of());
        }

        @Override
        public Collection<Entry> entries() {
            return List.of(find("blk.0.attn_q.weight"), find("blk.0.attn_v.weight"));
        }

        @Override
        public Entry find(String name) {
            boolean there = name.equals("blk.0.attn_q.weight") || name.equals("blk.0.attn_v.weight");
            return there ? new Entry(name, List.of((long) COLS, (long) ROWS), 0, "F32", MemorySegment.NULL) : null;
        }

        @Override
        public List<MappedFile> files() {
            return List.of();
        }

        @Override
        public void check() {}

        @Override
        public void close() {}

        ModelSpec spec() {
            boolean sideBySide = architecture.equals("llama") && !halves;
            ModelSpec.Rotary rotary = new ModelSpec.Rotary(HEAD_DIM, 1e4, sideBySide, new float[0]);
            return new ModelSpec(architecture, 1, COLS, 2, 2, HEAD_DIM, 32, 50, 64, 1e-5f, rotary);
        }
    }

    private static AdapterSet.Pair pair(String site, long seed) {
        Random random = new Random(seed);
        MemorySegment a = Arena.ofAuto().allocate(4L * RANK * COLS);
        MemorySegment b = Arena.ofAuto().allocate(4L * ROWS * RANK);
        for (int i = 0; i < RANK * COLS; i++) Floats.set(a, i, random.nextFloat());
        for (int i = 0; i < ROWS * RANK; i++) Floats.set(b, i, random.nextFloat());
        return new AdapterSet.Pair(site, RANK, ROWS, COLS, a, b);
    }

    private static void hold(AdapterSet got, AdapterSet.Pair wanted) {
        AdapterSet.Pair p = got.pairs().get(wanted.site());
        assertThat(p.a().mismatch(wanted.a())).isEqualTo(-1);
        for (int i = 0; i < ROWS * RANK; i++) {
            assertThat(Floats.get(p.b(), i))
                    .as(wanted.site() + " " + i)
                    .isEqualTo((float) (ALPHA / RANK) * Floats.get(wanted.b(), i));
        }
    }

    @Test
    void whatWasWrittenShouldBeReadWhateverTheOrderOfRows() throws IOException {
        try (Memory memory = Memory.withBudget(1 << 24)) {
            for (Model model :
                    List.of(new Model("llama", false), new Model("llama", true), new Model("qwen2", false))) {
                List<AdapterSet.Pair> pairs = List.of(pair("blk.0.attn_q", 1), pair("blk.0.attn_v", 2));
                AdapterWriter writer = AdapterWriter.of(model.spec(), model, ALPHA, pairs);
                writer.gguf(folder.resolve("a.gguf"), "a");
                writer.peft(folder.resolve("a"), "model");
                for (String file : new String[] {"a.gguf", "a", "a/adapter_model.safetensors"}) {
                    try (AdapterSet got = AdapterSet.read(memory, folder.resolve(file), model.spec(), model)) {
                        pairs.forEach(p -> hold(got, p));
                        assertThat(got.rank()).isEqualTo(RANK);
                        assertThat(memory.byPurpose()).containsOnlyKeys("adapter");
                    }
                }
            }
        }
    }

    /** For the same llama in both of its orders the same file is written, and a merge finds GGUF's order. */
    @Test
    void filesShouldNotDependOnTheOrderOfTheModel() throws IOException {
        Model gguf = new Model("llama", false);
        Model halves = new Model("llama", true);
        AdapterSet.Pair pair = pair("blk.0.attn_q", 3);
        MemorySegment turned = AdapterSet.reordered(pair.b(), ROWS, RANK, HEAD_DIM, true);
        AdapterSet.Pair other = new AdapterSet.Pair(pair.site(), RANK, ROWS, COLS, pair.a(), turned);
        // rows (0, 1) of GGUF are a pair: the first of one half and of the other
        assertThat(Floats.get(turned, RANK * HEAD_DIM / 2)).isEqualTo(Floats.get(pair.b(), RANK));
        assertThat(Floats.get(turned, RANK)).isEqualTo(Floats.get(pair.b(), 2 * RANK));
        AdapterWriter.of(gguf.spec(), gguf, ALPHA, List.of(pair)).gguf(folder.resolve("a.gguf"), "n");
        AdapterWriter.of(halves.spec(), halves, ALPHA, List.of(other)).gguf(folder.resolve("b.gguf"), "n");
        assertThat(folder.resolve("b.gguf")).hasSameBinaryContentAs(folder.resolve("a.gguf"));
        AdapterWriter.of(gguf.spec(), gguf, ALPHA, List.of(pair)).peft(folder.resolve("a"), "m");
        AdapterWriter.of(halves.spec(), halves, ALPHA, List.of(other)).peft(folder.resolve("b"), "m");
        assertThat(folder.resolve("b/adapter_model.safetensors"))
                .hasSameBinaryContentAs(folder.resolve("a/adapter_model.safetensors"));
        try (Memory memory = Memory.withBudget(1 << 24);
                AdapterSet merged = AdapterSet.readForGguf(memory, folder.resolve("b"), halves.spec(), halves)) {
            hold(merged, pair);
        }
    }

    @Test
    void shouldRefuseWhatIsNotForTheModel() throws IOException {
        Model model = new Model("llama", false);
        try (Memory memory = Memory.withBudget(1 << 24)) {
            AdapterWriter.of(model.spec(), model, ALPHA, List.of(pair("blk.7.attn_q", 1)))
                    .gguf(folder.resolve("c.gguf"), "n");
            refused(memory, "c.gguf", model, "'blk.7.attn_q' is no matrix of this model");
            AdapterSet.Pair p = pair("blk.0.attn_q", 1);
            AdapterSet.Pair narrow = new AdapterSet.Pair(p.site(), RANK, HEAD_DIM, COLS, p.a(), p.b());
            AdapterWriter.of(model.spec(), model, ALPHA, List.of(narrow)).gguf(folder.resolve("d.gguf"), "n");
            refused(memory, "d.gguf", model, "wanted: [12, rank] and [rank, 16]");
            AdapterWriter.of(model.spec(), model, ALPHA, List.of(p)).gguf(folder.resolve("e.gguf"), "n");
            refused(memory, "e.gguf", new Model("qwen2", false), "it is for architecture=llama");
            AdapterWriter.of(model.spec(), model, ALPHA, List.of(p)).peft(folder.resolve("f"), "m");
            Path config = folder.resolve("f/adapter_config.json");
            String said = Files.readString(config);
            for (Map.Entry<String, String> wrong : wrongs().entrySet()) {
                Files.writeString(config, said.replace("\"LORA\"", wrong.getKey()));
                refused(memory, "f", model, wrong.getValue());
            }
            Files.delete(config);
            refused(memory, "f", model, "it is missing beside");
            assertThat(memory.byPurpose()).isEmpty();
        }
    }

    private static Map<String, String> wrongs() {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("\"LOHA\"", "peft_type=");
        all.put("\"LORA\", \"use_dora\": true", "use_dora=true is not supported");
        all.put("\"LORA\", \"alpha_pattern\": {\"a\": 3}", "alpha_pattern is not supported");
        return all;
    }

    private void refused(Memory memory, String file, Model model, String why) {
        assertThatThrownBy(() -> AdapterSet.read(memory, folder.resolve(file), model.spec(), model))
                .isInstanceOf(MalformedModelException.class)
                .hasMessageContaining(why);
    }
}
