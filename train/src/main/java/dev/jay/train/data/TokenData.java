// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.data;

import dev.jay.model.text.Tokenizer;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.memory.Memory;
import dev.jay.train.block.Batch;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Documents as one run of tokens, packed: one behind the other, cut into windows that batches are made of. Which windows
 * a batch has follows from seed and number alone: every window comes once an epoch, in an order of its own. Owns the
 * mapping of its file (purpose {@code train-data}).
 */
public final class TokenData implements AutoCloseable {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final TokenFile.Opened tokens;

    private TokenData(TokenFile.Opened tokens) {
        this.tokens = tokens;
    }

    /**
     * The tokens of files of text, from {@code out} if they are there, else made and written there. An end of sequence
     * stands behind each document. The same files (by name, size and time) and tokenizer are not read again.
     *
     * @throws IOException if a file cannot be read, or they have not two tokens together
     */
    public static TokenData ofText(
            List<Path> files, Tokenizer tokenizer, Path out, Memory memory, Documents.Progress progress)
            throws IOException {
        long key = key(files, tokenizer);
        if (Files.exists(out)) {
            TokenFile.Opened there = TokenFile.open(out, memory);
            if (there.key() == key && there.vocabulary() == tokenizer.size()) return checked(there);
            there.file().close();
        }
        try (TokenFile.Writer writer = new TokenFile.Writer(out, tokenizer.size(), key)) {
            Documents.Sink sink = text -> {
                for (int t : tokenizer.encode(text, true, false)) writer.add(t);
                if (tokenizer.eos() >= 0) writer.add(tokenizer.eos());
            };
            Documents.read(files, sink, progress);
            writer.finish();
        }
        return checked(TokenFile.open(out, memory));
    }

    /** Tokens as they are. */
    static TokenData of(Iterable<int[]> documents, int vocabulary, Path out, Memory memory) throws IOException {
        try (TokenFile.Writer writer = new TokenFile.Writer(out, vocabulary, 0)) {
            for (int[] d : documents) for (int t : d) writer.add(t);
            writer.finish();
        }
        return checked(TokenFile.open(out, memory));
    }

    private static TokenData checked(TokenFile.Opened tokens) throws IOException {
        if (tokens.count() >= 2) return new TokenData(tokens);
        tokens.file().close();
        throw new IOException("training data: tokens=" + tokens.count() + ", wanted at least 2");
    }

    private static long key(List<Path> files, Tokenizer tokenizer) throws IOException {
        CRC32C sum = new CRC32C();
        long key = 1;
        for (Path file : files) {
            String facts = file.getFileName() + " " + Files.size(file) + " "
                    + Files.getLastModifiedTime(file).toMillis();
            sum.update(facts.getBytes(StandardCharsets.UTF_8));
        }
        key = 31 * key + sum.getValue();
        sum.reset();
        for (int t = 0; t < tokenizer.size(); t++) {
            sum.update(tokenizer.piece(t).getBytes(StandardCharsets.UTF_8));
            sum.update(0);
        }
        return (key << 32) + sum.getValue();
    }

    public long tokens() {
        return tokens.count();
    }

    private int token(long i) {
        return tokens.width() == 2
                ? tokens.bytes().get(SHORT, 2 * i) & 0xFFFF
                : tokens.bytes().get(Floats.INT, 4 * i);
    }

    /** Whole windows of so many tokens, each with one more to follow the last. */
    public long windows(int length) {
        return (tokens.count() - 1) / length;
    }

    /** Batches of all windows, shuffled anew each epoch. */
    public Batches shuffled(long seed) {
        return (number, sequences, length) -> {
            long windows = least(length);
            long[] chosen = new long[sequences];
            for (int s = 0; s < sequences; s++) {
                long draw = number * sequences + s;
                chosen[s] = Shuffle.permuted(draw % windows, windows, Shuffle.number(seed, draw / windows));
            }
            return of(chosen, length);
        };
    }

    /** Batches of windows spread evenly over the whole, always the same: what a model is measured on. */
    public Batches spread(long batches) {
        return (number, sequences, length) -> {
            long windows = least(length);
            long wanted = batches * sequences;
            long[] chosen = new long[sequences];
            for (int s = 0; s < sequences; s++) {
                long i = number * sequences + s;
                chosen[s] = wanted >= windows ? i % windows : i * windows / wanted;
            }
            return of(chosen, length);
        };
    }

    private long least(int length) {
        tokens.file().check();
        long windows = windows(length);
        if (windows < 1) {
            throw new IllegalArgumentException(
                    "training data: tokens=" + tokens.count() + ", wanted more than a sequence of " + length);
        }
        return windows;
    }

    private Batch of(long[] windows, int length) {
        int[] in = new int[windows.length * length];
        int[] targets = new int[in.length];
        for (int s = 0; s < windows.length; s++) {
            for (int i = 0; i < length; i++) {
                long at = windows[s] * length + i;
                in[s * length + i] = token(at);
                targets[s * length + i] = token(at + 1);
            }
        }
        return new Batch(length, in, targets);
    }

    @Override
    public void close() {
        tokens.file().close();
    }
}
