// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.model.load.ModelFiles;
import dev.jay.model.load.WeightSource;
import dev.jay.model.text.PreTokenizers;
import dev.jay.model.text.Tokenizer;
import dev.jay.model.text.Tokenizers;
import dev.jay.tensor.Shared;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

class BytePairTrainerTest {
    @TempDir
    private Path folder;

    private static BytePairTrainer.Result train(String pieces, int symbols, String... texts) {
        BytePairTrainer trainer = new BytePairTrainer(PreTokenizers.ALL.make(pieces));
        for (String text : texts) trainer.add(text);
        return trainer.train(symbols, (at, wanted) -> {});
    }

    @Test
    void mergesShouldBeThoseOfTheReference() throws IOException {
        Path reference = Shared.data("1-tokenizers/bpe-training");
        String corpus = Files.readString(reference.resolve("corpus.en"));
        List<String> merges = Files.readAllLines(reference.resolve("train-bpe-reference-merges.txt"));
        BytePairTrainer.Result trained = train("gpt-2", 256 + merges.size(), corpus);
        assertThat(trained.merges()).isEqualTo(merges);
        Map<?, ?> vocabulary = JsonMapper.shared()
                .readValue(reference.resolve("train-bpe-reference-vocab.json").toFile(), Map.class);
        TreeSet<Object> wanted = new TreeSet<>(vocabulary.keySet());
        wanted.remove(Documents.END);
        assertThat(new TreeSet<Object>(trained.symbols())).isEqualTo(wanted);
    }

    /** Naive counting over all words gives the same, whatever repeats or overlaps. */
    @Test
    void mergesShouldBeThoseOfTheDefinition() {
        String text =
                "aaaa aaa abab ababa bananas banana an na aXaXaXaX nananana \u00e9\u00e9\u00e9 \n\n 1122 112 ".repeat(3)
                        + "the then there these other others mother";
        assertThat(train("gpt-2", 300, text).merges()).isEqualTo(NaiveBytePairs.merges(text, 300 - 256));
        assertThat(train("gpt-2", 300, text, text).merges()).isEqualTo(NaiveBytePairs.merges(text, 300 - 256));
    }

    @Test
    void aTrainedTokenizerShouldReadEveryTextAndCutDigits() throws IOException {
        String text = "The 2024 cats \u2014 na\u00efve ones \u2014 sat; the cats sat on 2024 mats.\n".repeat(20);
        Path file = folder.resolve("tokenizer.gguf");
        TokenizerFile.write(train("qwen2", 280, text), "qwen2", TokenizerFile.SPECIALS, file);
        try (Memory memory = Memory.withBudget(1 << 20);
                WeightSource source = ModelFiles.open(memory, file)) {
            Tokenizer tokenizer = Tokenizers.from(source.metadata());
            assertThat(tokenizer.size()).isEqualTo(283);
            assertThat(tokenizer.eos()).isZero();
            assertThat(tokenizer.endOfGeneration()).contains(0, 2);
            for (String some : List.of(text, "\ud83d\ude00 never seen \u0000\u00ff", "  two\n\nlines\t", "")) {
                assertThat(tokenizer.decode(tokenizer.encode(some, true, false)))
                        .isEqualTo(some);
            }
            int[] year = tokenizer.encode("2024", false, false);
            assertThat(Arrays.stream(year).mapToObj(tokenizer::piece)).containsExactly("2", "0", "2", "4");
            assertThat(tokenizer.encode(" cats", false, false)).hasSize(1);
            assertThat(tokenizer.encode("<|im_end|>", false, true)).containsExactly(2);
        }
    }

    @Test
    void shouldSayWhenTheTextsAreTooFew() {
        assertThatThrownBy(() -> train("gpt-2", 300, "ab")).hasMessageContaining("the texts give only 257");
        assertThatThrownBy(() -> train("gpt-2", 10, "ab")).hasMessageContaining("wanted at least 256");
    }
}
