// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.optimize;

import dev.jay.train.block.Batch;
import dev.jay.train.data.Documents;
import dev.jay.train.data.Shuffle;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** Text whose tokens are its bytes: windows of it from random places, the last part held out. */
final class ByteText {
    static final int VOCABULARY = 256;

    private static final int HELD = 10; // the part of all bytes that nothing is learnt from, one in so many

    private final byte[] bytes;
    private final int learnt;

    private ByteText(byte[] bytes) {
        this.bytes = bytes;
        this.learnt = bytes.length - bytes.length / HELD;
    }

    /** The first bytes of some files, at most so many. */
    static ByteText read(List<Path> files, int most, int length) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try {
            Documents.Sink sink = text -> {
                all.writeBytes(text.getBytes(StandardCharsets.UTF_8));
                if (all.size() >= most) throw new EnoughException();
            };
            Documents.read(files, sink, (read, total) -> {});
        } catch (EnoughException e) {
            // as much as was wanted
        }
        if (all.size() < 4 * HELD * length) {
            throw new IOException("optimizers: bytes of text=" + all.size() + ", wanted at least " + 4 * HELD * length);
        }
        return new ByteText(all.toByteArray());
    }

    private static final class EnoughException extends IOException {}

    int bytes() {
        return bytes.length;
    }

    /** The {@code number}-th batch, the same for everyone. */
    Batch batch(int number, int seed, int sequences, int length) {
        int[] at = new int[sequences];
        for (int s = 0; s < sequences; s++) {
            long r = Shuffle.number(seed, (long) number * sequences + s);
            at[s] = (int) Long.remainderUnsigned(r, learnt - length - 1);
        }
        return of(at, length);
    }

    /** Some windows of what is held out, spread over it. */
    Batch held(int number, int of, int sequences, int length) {
        int[] at = new int[sequences];
        int room = bytes.length - learnt - length - 1;
        for (int s = 0; s < sequences; s++)
            at[s] = learnt + (int) ((long) room * ((long) number * sequences + s) / ((long) of * sequences));
        return of(at, length);
    }

    private Batch of(int[] at, int length) {
        int[] tokens = new int[at.length * length];
        int[] targets = new int[tokens.length];
        for (int s = 0; s < at.length; s++) {
            for (int i = 0; i < length; i++) {
                tokens[s * length + i] = bytes[at[s] + i] & 0xFF;
                targets[s * length + i] = bytes[at[s] + i + 1] & 0xFF;
            }
        }
        return new Batch(length, tokens, targets);
    }
}
