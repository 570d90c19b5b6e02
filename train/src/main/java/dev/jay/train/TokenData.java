// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.model.text.Tokenizer;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.train.block.Batch;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Documents as one run of tokens, cut into windows that batches are made of. Which windows a batch has follows from seed
 * and number alone: every window comes once an epoch, in an order of its own, and nothing need be remembered to resume.
 * Owns the tokens (purpose {@code train-data}).
 */
public final class TokenData implements AutoCloseable {
    private static final int ROUNDS = 4; // of the permutation

    private final Region tokens; // i32
    private final long count;

    private TokenData(Region tokens, long count) {
        this.tokens = tokens;
        this.count = count;
    }

    /** Documents of tokens, one behind the other. */
    public static TokenData of(List<int[]> documents, Memory memory) {
        long count = documents.stream().mapToLong(d -> d.length).sum();
        if (count < 2) throw new IllegalArgumentException("training data: tokens=" + count + ", wanted at least 2");
        Region region = memory.reserve("train-data", 4 * count);
        long at = 0;
        for (int[] d : documents) {
            MemorySegment.copy(MemorySegment.ofArray(d), 0, region.bytes(), at, 4L * d.length);
            at += 4L * d.length;
        }
        return new TokenData(region, count);
    }

    /** Each file a document, with what the tokenizer puts in front and behind, and an end of sequence after it. */
    public static TokenData ofText(List<Path> files, Tokenizer tokenizer, Memory memory) throws IOException {
        List<int[]> documents = new ArrayList<>();
        for (Path file : files) {
            int[] tokens = tokenizer.encode(Files.readString(file), true, false);
            documents.add(tokens);
            boolean ended = tokens.length > 0 && tokens[tokens.length - 1] == tokenizer.eos();
            if (tokenizer.eos() >= 0 && !ended) documents.add(new int[] {tokenizer.eos()});
        }
        return of(documents, memory);
    }

    public long tokens() {
        return count;
    }

    /** Whole windows of so many tokens, each with one more to follow the last. */
    public long windows(int length) {
        return (count - 1) / length;
    }

    /**
     * The {@code number}-th batch of a run.
     *
     * @throws IllegalArgumentException if there is not one window
     */
    public Batch batch(long seed, long number, int sequences, int length) {
        long windows = windows(length);
        if (windows < 1) {
            throw new IllegalArgumentException(
                    "training data: tokens=" + count + ", wanted more than a sequence of " + length);
        }
        int[] in = new int[sequences * length];
        int[] targets = new int[in.length];
        for (int s = 0; s < sequences; s++) {
            long draw = number * sequences + s;
            long from = permuted(draw % windows, windows, mix(seed + 0x9E3779B97F4A7C15L * (draw / windows))) * length;
            for (int i = 0; i < length; i++) {
                in[s * length + i] = tokens.bytes().get(Floats.INT, 4 * (from + i));
                targets[s * length + i] = tokens.bytes().get(Floats.INT, 4 * (from + i + 1));
            }
        }
        return new Batch(length, in, targets);
    }

    /** Where i goes in a permutation of [0, count): a Feistel network over the next power of four, walked until inside. */
    static long permuted(long i, long count, long key) {
        int half = (64 - Long.numberOfLeadingZeros(Math.max(1, count - 1)) + 1) / 2;
        long mask = (1L << half) - 1;
        long v = i;
        do {
            long left = v >>> half;
            long right = v & mask;
            for (int round = 0; round < ROUNDS; round++) {
                long next = left ^ mix(right + mix(key + round)) & mask;
                left = right;
                right = next;
            }
            v = left << half | right;
        } while (v >= count);
        return v;
    }

    /** The finaliser of SplitMix64. */
    private static long mix(long z) {
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    @Override
    public void close() {
        tokens.close();
    }
}
