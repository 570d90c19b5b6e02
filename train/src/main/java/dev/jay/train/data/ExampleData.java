// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.data;

import dev.jay.tensor.format.Floats;
import dev.jay.tensor.memory.MappedFile;
import dev.jay.tensor.memory.Memory;
import dev.jay.train.block.Batch;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Examples on the disk, mapped, and batches of them: which a batch has follows from seed and number alone, and every one
 * comes once an epoch. A batch is as long as its longest, in steps of 16; what is longer than may be is cut into pieces
 * of which each is an example. Owns the mapping (purpose {@code train-data}).
 */
public final class ExampleData implements AutoCloseable {
    private static final int STEP = 16; // tokens; so that not every batch has a shape of its own
    private static final int LEARNT = 1 << 31;

    private final MappedFile file;
    private final long[] from; // where each example begins; one more for the end
    private final int[] chosen; // examples that count here

    private ExampleData(MappedFile file, long[] from, int[] chosen) {
        this.file = file;
        this.from = from;
        this.chosen = chosen;
    }

    /** What writes examples. */
    public interface Source {
        void writeTo(Examples.Sink sink) throws IOException;
    }

    /**
     * Writes examples and opens them.
     *
     * @param most tokens of one, and one more
     * @throws IOException if there are none with anything to learn
     */
    public static ExampleData of(Source source, int most, Path out, Memory memory) throws IOException {
        List<Long> ends = new ArrayList<>(List.of(0L));
        try (FileChannel channel = FileChannel.open(
                out, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            source.writeTo(example -> {
                for (int at = 0; at + 1 < example.tokens().length; at += most) {
                    int count = Math.min(most + 1, example.tokens().length - at);
                    ByteBuffer bytes = coded(example, at, count);
                    if (bytes == null) continue;
                    ends.add(ends.getLast() + count);
                    while (bytes.hasRemaining()) channel.write(bytes);
                }
            });
        }
        if (ends.size() == 1) throw new IOException("examples for tuning: none has a token to learn");
        long[] from = ends.stream().mapToLong(Long::longValue).toArray();
        int[] all = new int[from.length - 1];
        Arrays.setAll(all, i -> i);
        return new ExampleData(memory.map("train-data", out), from, all);
    }

    /** Null where nothing is to be learnt. */
    private static ByteBuffer coded(Example e, int at, int count) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
        boolean any = false;
        for (int i = at; i < at + count; i++) {
            boolean learnt = e.learnt()[i] && i > at;
            any |= learnt;
            bytes.putInt(e.tokens()[i] | (learnt ? LEARNT : 0));
        }
        return any ? bytes.flip() : null;
    }

    /** The same for the same examples. */
    public String digest() {
        CRC32C sum = new CRC32C();
        sum.update(file.bytes().asByteBuffer());
        return Long.toHexString(sum.getValue());
    }

    /** Examples. */
    public int count() {
        return chosen.length;
    }

    /** Two views of the same file: most of it, and a part that nothing is learnt from. The first owns the file. */
    public record Split(ExampleData learnt, ExampleData held) {}

    /** @param part of all examples that is held out, chosen by the seed; at least one, and at least one is left */
    public Split split(double part, long seed) {
        int held = Math.clamp(Math.round(part * chosen.length), 1, Math.max(1, chosen.length - 1));
        if (chosen.length < 2) throw new IllegalArgumentException("examples for tuning: one cannot be held out of one");
        int[] order = new int[chosen.length];
        for (int i = 0; i < order.length; i++) {
            order[(int) Shuffle.permuted(i, order.length, Shuffle.number(seed, -1))] = chosen[i];
        }
        int cut = order.length - held;
        return new Split(
                new ExampleData(file, from, Arrays.copyOf(order, cut)),
                new ExampleData(file, from, Arrays.copyOfRange(order, cut, order.length)));
    }

    /** Shuffled anew each epoch. The greatest length is what they were cut to. */
    public Batches shuffled(long seed) {
        return (number, sequences, length) -> {
            int[] some = new int[sequences];
            for (int s = 0; s < sequences; s++) {
                long draw = number * sequences + s;
                long epoch = draw / chosen.length;
                some[s] = chosen[
                        (int) Shuffle.permuted(draw % chosen.length, chosen.length, Shuffle.number(seed, epoch))];
            }
            return of(some, length);
        };
    }

    /** In order, the last perhaps short; which is what a model is measured on. */
    public Batches inOrder() {
        return (number, sequences, length) -> {
            int first = Math.toIntExact(number * sequences);
            return of(Arrays.copyOfRange(chosen, first, Math.min(chosen.length, first + sequences)), length);
        };
    }

    private Batch of(int[] examples, int most) {
        file.check();
        int longest = 1;
        for (int e : examples) longest = Math.max(longest, (int) (from[e + 1] - from[e]) - 1);
        int length = Math.min(most, Math.ceilDiv(longest, STEP) * STEP);
        int[] tokens = new int[examples.length * length];
        int[] targets = new int[tokens.length];
        Arrays.fill(targets, Batch.IGNORED);
        MemorySegment bytes = file.bytes();
        for (int s = 0; s < examples.length; s++) {
            int count = (int) (from[examples[s] + 1] - from[examples[s]]) - 1;
            for (int i = 0; i < count; i++) {
                long at = 4 * (from[examples[s]] + i);
                tokens[s * length + i] = bytes.get(Floats.INT, at) & ~LEARNT;
                int next = bytes.get(Floats.INT, at + 4);
                if ((next & LEARNT) != 0) targets[s * length + i] = next & ~LEARNT;
            }
        }
        return new Batch(length, tokens, targets);
    }

    @Override
    public void close() {
        file.close();
    }
}
