// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.tensor.Shared;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Llama2cTest {
    private static final String FOLDER = "0-stories260K/";

    @TempDir
    Path folder;

    @Test
    void shouldPresentACheckpointAsItsGguf() throws IOException {
        try (Memory memory = Memory.withBudget(0);
                WeightSource bin = ModelFiles.open(memory, Shared.data(FOLDER + "stories260K.bin"));
                WeightSource gguf = ModelFiles.open(memory, Shared.data(FOLDER + "stories260K.gguf"))) {
            assertThat(bin).isInstanceOf(Llama2c.class);
            assertThat(gguf).isInstanceOf(Gguf.class);
            assertThat(bin.entries()).hasSize(gguf.entries().size() - 1); // that file repeats the embedding as head
            for (WeightSource.Entry e : gguf.entries()) {
                WeightSource.Entry same = bin.find(e.name().equals("output.weight") ? "token_embd.weight" : e.name());
                assertThat(same.dims()).as(e.name()).isEqualTo(e.dims());
                assertThat(same.type()).isEqualTo(e.type());
                assertThat(same.bytes().mismatch(e.bytes())).as(e.name()).isEqualTo(-1);
            }
            bin.check();
            assertSameMetadata(bin.metadata(), gguf.metadata());
        }
    }

    private static void assertSameMetadata(Metadata bin, Metadata gguf) {
        assertThat(bin.strings("tokenizer.ggml.tokens")).isEqualTo(gguf.strings("tokenizer.ggml.tokens"));
        assertThat(bin.reals("tokenizer.ggml.scores")).isEqualTo(gguf.reals("tokenizer.ggml.scores"));
        assertThat(bin.integers("tokenizer.ggml.token_type")).isEqualTo(gguf.integers("tokenizer.ggml.token_type"));
        assertThat(bin.integer("llama.context_length")).isEqualTo(512); // the other file's converter wrote a constant
        for (String key : gguf.values().keySet()) {
            Object v = bin.values().get(key);
            if (key.startsWith("llama.") && !key.equals("llama.context_length")) {
                assertThat(v).as(key).isEqualTo(gguf.values().get(key));
            }
        }
    }

    private Path write(String name, byte[] bytes) throws IOException {
        return Files.write(folder.resolve(name), bytes);
    }

    /** dim 4, hidden 3, 1 layer, 2 heads, 1 KV head, 2 tokens, context 5. */
    private static GgufBytes checkpoint(int vocabulary) {
        GgufBytes bytes = new GgufBytes()
                .i32(4)
                .i32(3)
                .i32(1)
                .i32(2)
                .i32(1)
                .i32(vocabulary)
                .i32(5);
        int weights = 2 * 4 + 4 + 16 + 8 + 8 + 16 + 4 + 3 * 12 + 4 + 2 * 5;
        for (int i = 0; i < weights; i++) bytes.f32(i);
        return bytes;
    }

    private static byte[] vocabulary() {
        return new GgufBytes()
                .i32(9)
                .f32(0)
                .i32(5)
                .zeros(5)
                .f32(-1)
                .i32(2)
                .i8('h')
                .i8('i')
                .bytes();
    }

    @Test
    void shouldFindAHeadOfItsOwnBehindTheTables() throws IOException {
        write("tokenizer.bin", vocabulary());
        Path shared = write("shared.bin", checkpoint(2).bytes());
        GgufBytes own = checkpoint(-2);
        for (int i = 0; i < 8; i++) own.f32(1000 + i);
        Path unshared = write("unshared.bin", own.bytes());
        try (Memory memory = Memory.withBudget(0);
                WeightSource a = ModelFiles.open(memory, shared);
                WeightSource b = ModelFiles.open(memory, unshared)) {
            assertThat(a.find("output.weight")).isNull();
            assertThat(Floats.get(b.find("output.weight").bytes(), 7)).isEqualTo(1007);
            assertThat(b.find("blk.0.attn_k.weight").dims()).isEqualTo(List.of(4L, 2L));
            assertThat(Floats.get(b.find("output_norm.weight").bytes(), 0)).isEqualTo(100);
        }
    }

    @Test
    void shouldRejectWhenTheTokenizerIsMissingOrBroken() throws IOException {
        Path model = write("m.bin", checkpoint(2).bytes());
        assertRefused(model, "its tokenizer is not beside it: looked for=[tok2.bin, tokenizer.bin]");
        write("tok2.bin", new GgufBytes().i32(9).f32(0).i32(-5).zeros(50).bytes());
        assertRefused(model, "token 0 is too long: bytes=-5");
        write("tok2.bin", new GgufBytes().i32(9).bytes());
        assertRefused(model, "too short for the model's vocabulary");
    }

    @Test
    void shouldRejectWhenTheFileIsOfNoKnownKind() throws IOException {
        assertRefused(
                write("m.bin", checkpoint(2).i8(0).bytes()), "known=[GGUF (versions 2 and 3), safetensors, llama2.c");
        assertRefused(write("m.bin", new GgufBytes().zeros(60).bytes()), "first bytes=0000000000000000, size=60");
        assertRefused(write("m.bin", new byte[0]), "first bytes=, size=0");
        assertRefused(folder, "which model is in this folder? Wanted *.gguf, ");
        try (Memory memory = Memory.withBudget(0)) {
            assertThatThrownBy(() -> ModelFiles.open(memory, folder.resolve("absent")))
                    .isInstanceOf(NoSuchFileException.class);
            GgufBytes large = new GgufBytes()
                    .i32(1 << 24)
                    .i32(1 << 24)
                    .i32(1 << 24)
                    .i32(1)
                    .i32(1)
                    .i32(1)
                    .i32(1);
            Path file = write("m.bin", large.zeros(100).bytes());
            assertThatThrownBy(() -> Llama2c.open(memory, file)).hasMessageContaining("calls for more than the file's");
        }
    }

    private static void assertRefused(Path file, String message) {
        try (Memory memory = Memory.withBudget(0)) {
            assertThatThrownBy(() -> ModelFiles.open(memory, file))
                    .isInstanceOf(MalformedModelException.class)
                    .hasMessageContaining(message);
        }
    }
}
