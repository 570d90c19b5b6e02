// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.model.load.Metadata;
import dev.jay.model.text.PreTokenizers;
import dev.jay.model.text.Tokenizer;
import dev.jay.model.text.Tokenizers;
import dev.jay.tensor.memory.Memory;
import dev.jay.train.block.Batch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenDataTest {
    @TempDir
    private Path folder;

    private TokenData counting(int tokens, int vocabulary, Memory memory) throws IOException {
        return TokenData.of(
                List.of(
                        IntStream.range(0, 10).toArray(),
                        IntStream.range(10, tokens).toArray()),
                vocabulary,
                folder.resolve("tokens"),
                memory);
    }

    @Test
    void everyWindowShouldComeOnceAnEpochInAnOrderOfItsOwn() throws IOException {
        try (Memory memory = Memory.withBudget(1 << 20);
                TokenData data = counting(8 * 25 + 3, 1 << 16, memory)) {
            assertThat(data.windows(8)).isEqualTo(25);
            Set<String> orders = new HashSet<>();
            for (int epoch = 0; epoch < 3; epoch++) {
                Set<Integer> starts = new HashSet<>();
                StringBuilder order = new StringBuilder();
                for (int i = 0; i < 5; i++) {
                    Batch batch = data.shuffled(7).batch(epoch * 5L + i, 5, 8);
                    for (int s = 0; s < 5; s++) {
                        int from = batch.tokens()[8 * s];
                        starts.add(from);
                        order.append(from).append(' ');
                        for (int j = 0; j < 8; j++) {
                            assertThat(batch.tokens()[8 * s + j]).isEqualTo(from + j);
                            assertThat(batch.targets()[8 * s + j]).isEqualTo(from + j + 1);
                        }
                    }
                }
                assertThat(starts).hasSize(25);
                orders.add(order.toString());
            }
            assertThat(orders).hasSize(3);
            assertThat(data.shuffled(7).batch(3, 5, 8).tokens())
                    .isEqualTo(data.shuffled(7).batch(3, 5, 8).tokens());
            assertThat(data.shuffled(8).batch(3, 5, 8).tokens())
                    .isNotEqualTo(data.shuffled(7).batch(3, 5, 8).tokens());
            assertThat(memory.byPurpose()).as("listed").containsEntry("train-data", 0L);
            assertThat(memory.used()).as("a mapped file is no memory").isZero();
        }
    }

    @Test
    void permutationsShouldBePermutations() {
        for (long count : new long[] {1, 2, 3, 4, 5, 16, 17, 1000}) {
            for (long key = 0; key < 5; key++) {
                Set<Long> seen = new HashSet<>();
                for (long i = 0; i < count; i++) {
                    long to = Shuffle.permuted(i, count, key);
                    assertThat(to).isBetween(0L, count - 1);
                    seen.add(to);
                }
                assertThat(seen).hasSize((int) count);
            }
        }
    }

    @Test
    void shouldRejectTooLittle() throws IOException {
        try (Memory memory = Memory.withBudget(1 << 20);
                TokenData data = counting(20, 1 << 17, memory)) {
            assertThatThrownBy(() -> data.shuffled(1).batch(0, 1, 20))
                    .hasMessageContaining("tokens=20, wanted more than a sequence of 20");
            assertThatThrownBy(() -> TokenData.of(List.of(new int[1]), 2, folder.resolve("one"), memory))
                    .hasMessageContaining("tokens=1");
            assertThatThrownBy(() -> TokenData.of(List.of(new int[] {7}), 7, folder.resolve("two"), memory))
                    .hasMessageContaining("token=7, vocabulary=7");
            assertThat(folder.resolve("two.part")).doesNotExist();
        }
    }

    /** The same windows each time, from the first to near the last. */
    @Test
    void measuringShouldSpreadOverTheWhole() throws IOException {
        try (Memory memory = Memory.withBudget(1 << 20);
                TokenData data = counting(8 * 100 + 1, 1 << 16, memory)) {
            Batch first = data.spread(5).batch(0, 4, 8);
            assertThat(first.tokens()).isEqualTo(data.spread(5).batch(0, 4, 8).tokens());
            assertThat(first.tokens()[8]).isEqualTo(8 * 5);
            assertThat(data.spread(5).batch(4, 4, 8).tokens()[8 * 3]).isEqualTo(8 * 95);
            assertThat(data.spread(1000).batch(30, 4, 8).tokens()[0]).isEqualTo(8 * (120 % 100));
        }
    }

    private static Tokenizer bytesAlone() {
        BytePairTrainer.Result bytes = new BytePairTrainer(PreTokenizers.ALL.make("qwen2")).train(256, (a, b) -> {});
        List<String> tokens = new ArrayList<>(List.of(Documents.END));
        tokens.addAll(bytes.symbols());
        return Tokenizers.from(new Metadata(Map.of(
                "tokenizer.ggml.model",
                "gpt2",
                "tokenizer.ggml.pre",
                "qwen2",
                "tokenizer.ggml.tokens",
                tokens,
                "tokenizer.ggml.merges",
                List.of(),
                "tokenizer.ggml.eos_token_id",
                0L)));
    }

    /** Text and JSON lines, zipped or not, one after the other; not made again until something changes. */
    @Test
    void textsShouldBecomeTokensOnce() throws IOException {
        Path text = Files.writeString(folder.resolve("a.txt"), "one\n<|endoftext|>\ntwo\n\nlines");
        Path lines = folder.resolve("b.jsonl.gz");
        try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(lines))) {
            out.write("{\"text\": \"t\\u00e9\"}\n\n{\"id\": 2, \"text\": \"x\"}\n".getBytes(StandardCharsets.UTF_8));
        }
        Path out = folder.resolve("data.tokens");
        List<Long> told = new ArrayList<>();
        Documents.Progress progress = (read, total) -> told.add(read * 1000 / total);
        try (Memory memory = Memory.withBudget(1 << 20)) {
            try (TokenData data = TokenData.ofText(List.of(text, lines), bytesAlone(), out, memory, progress)) {
                assertThat(data.tokens()).isEqualTo(5 + 12 + 4 + 2);
                assertThat(told).hasSize(4).last().isEqualTo(1000L);
                int[] all = data.spread(1).batch(0, 1, 22).tokens();
                assertThat(all[0]).isEqualTo('o' + 1);
                assertThat(all[4]).isZero();
                assertThat(Arrays.copyOfRange(all, 17, 22)).containsExactly('t' + 1, 0xC3 + 1, 0xA9 + 1, 0, 'x' + 1);
            }
            told.clear();
            TokenData.ofText(List.of(text, lines), bytesAlone(), out, memory, progress)
                    .close();
            assertThat(told).isEmpty();
            Files.writeString(text, "three");
            TokenData.ofText(List.of(text, lines), bytesAlone(), out, memory, progress)
                    .close();
            assertThat(told).isNotEmpty();
        }
    }

    @Test
    void brokenFilesShouldBeRefused() throws IOException {
        Path lines = Files.writeString(folder.resolve("b.jsonl"), "{\"text\": \"x\"}\n{\"text\": 3}\n");
        Path out = folder.resolve("data.tokens");
        try (Memory memory = Memory.withBudget(1 << 20)) {
            assertThatThrownBy(() -> TokenData.ofText(List.of(lines), bytesAlone(), out, memory, (a, b) -> {}))
                    .hasMessageContaining("b.jsonl, line 2: wanted an object with a \"text\"");
            assertThat(out).doesNotExist();
            Files.writeString(lines, "{\"text\": ");
            assertThatThrownBy(() -> TokenData.ofText(List.of(lines), bytesAlone(), out, memory, (a, b) -> {}))
                    .hasMessageContaining("b.jsonl, line 1 is no JSON");
            counting(20, 1 << 17, memory).close();
            byte[] good = Files.readAllBytes(folder.resolve("tokens"));
            for (int at = 0; at < 24; at++) {
                byte[] bad = good.clone();
                bad[at] ^= 64;
                if (at >= 12 && at < 16) bad[at + 3 - at % 4] = -1; // of the vocabulary any other size may be right
                Path file = Files.write(folder.resolve("bad"), bad);
                assertThatThrownBy(() -> TokenFile.open(file, memory))
                        .as("byte " + at)
                        .hasMessageContaining("bad cannot be used");
            }
            Path shorter = Files.write(folder.resolve("short"), Arrays.copyOf(good, good.length - 1));
            assertThatThrownBy(() -> TokenFile.open(shorter, memory)).hasMessageContaining("bytes=143, wanted 144");
        }
    }
}
