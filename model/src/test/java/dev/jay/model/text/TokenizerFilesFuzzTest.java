// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Metadata;
import dev.jay.model.load.TokenizerFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever a tokenizer's file says, it is read or refused with an error of ours. */
class TokenizerFilesFuzzTest {
    private static final int LEAST = 200; // however slow the machine is just now

    @TempDir
    Path directory;

    @FuzzTest
    void shouldRefuseOrReadAnyFile(byte[] bytes) throws IOException {
        Path fresh = Files.createTempDirectory("fuzz");
        for (String name : List.of("tokenizer.json", "tokenizer.model")) {
            attempt(fresh, name, bytes, true);
        }
        Files.delete(fresh);
    }

    /**
     * Whether the file was read; anything but an error of ours fails.
     *
     * @param told whether it is told for other readers too, which takes long
     */
    private static boolean attempt(Path directory, String name, byte[] bytes, boolean told) throws IOException {
        Path file = Files.write(directory.resolve(name), bytes);
        try {
            Metadata own = new Metadata(TokenizerFiles.read(directory));
            for (Metadata read : told ? List.of(own, PeerTokenizer.told(own)) : List.of(own)) {
                Tokenizer t = Tokenizers.from(read);
                for (String text : List.of("he there! <tool> \u00e9</s>", "")) {
                    t.decode(t.encode(text, true, true));
                }
            }
            return true;
        } catch (MalformedModelException | IllegalArgumentException expected) {
            assertThat(expected.getMessage()).isNotNull();
            return false;
        } finally {
            Files.delete(file);
        }
    }

    @Test
    void shouldRefuseOrReadWhatHasBeenChanged() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<byte[]> json = new ArrayList<>();
        for (String file : SmallFiles.JSON) json.add(file.getBytes(StandardCharsets.UTF_8));
        List<byte[]> models = List.of(SmallFiles.pieces(1), SmallFiles.pieces(2));
        int read = 0;
        int count = 0;
        long end = System.nanoTime() + 3_000_000_000L;
        for (; System.nanoTime() < end || count < LEAST; count++) {
            boolean text = count % 2 == 0;
            List<byte[]> sources = text ? json : models;
            byte[] mutant = mutant(random, sources);
            try {
                if (attempt(directory, text ? "tokenizer.json" : "tokenizer.model", mutant, count % 50 == 48)) {
                    read++;
                }
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed=" + seed + " file=" + new String(mutant, StandardCharsets.UTF_8), e);
            }
        }
        // Mutants that are all refused at once would test nothing.
        assertThat(read).as("read of %s, seed=%s", count, seed).isGreaterThan(count / 50);
    }

    private static byte[] mutant(Random random, List<byte[]> sources) {
        byte[] bytes = sources.get(random.nextInt(sources.size())).clone();
        byte[] other = sources.get(random.nextInt(sources.size()));
        for (int i = random.nextInt(3); i >= 0; i--) {
            int at = random.nextInt(bytes.length);
            switch (random.nextInt(4)) {
                case 0 -> bytes[at] = (byte) random.nextInt(256);
                case 1 -> bytes[at] = other[random.nextInt(other.length)];
                case 2 -> {
                    int length = Math.min(random.nextInt(12), bytes.length - at);
                    int from = random.nextInt(other.length - 12);
                    System.arraycopy(other, from, bytes, at, length);
                }
                default -> {
                    int length = Math.min(1 + random.nextInt(6), bytes.length - at - 1);
                    byte[] shorter = new byte[bytes.length - Math.max(0, length)];
                    System.arraycopy(bytes, 0, shorter, 0, at);
                    System.arraycopy(bytes, at + bytes.length - shorter.length, shorter, at, shorter.length - at);
                    if (shorter.length > 20) bytes = shorter;
                }
            }
        }
        return bytes;
    }
}
