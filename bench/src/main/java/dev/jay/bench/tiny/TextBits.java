// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.tiny;

import dev.jay.engine.Model;
import dev.jay.engine.Perplexity;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.train.data.Documents;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.Deflater;

/** How many bits a byte of a text takes: of one text for every tokenizer, so that models compare. */
public final class TextBits {
    private static final int CHUNK = 1024; // tokens, at most

    private TextBits() {}

    /** The beginning of each file, {@code most} characters of it, documents one after the other. */
    public static String beginnings(List<Path> files, int most) throws IOException {
        StringBuilder all = new StringBuilder();
        for (Path file : files) {
            int end = all.length() + most;
            Documents.read(
                    List.of(file),
                    text -> all.append(text, 0, Math.clamp(end - all.length(), 0, text.length())),
                    (read, total) -> {});
        }
        return all.toString();
    }

    static double of(Model model, String text) {
        int chunk = Math.min(CHUNK, model.contextLength());
        double nats = Perplexity.measure(model, text, chunk, Perplexity.Method.EVERY_TOKEN, Numerics.FAST, p -> {})
                .sum();
        return nats / Math.log(2) / text.getBytes(StandardCharsets.UTF_8).length;
    }

    /** What is no model at all: deflate, as gzip has it, at its best. */
    static double ofDeflate(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        try (Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION)) {
            deflater.setInput(bytes);
            deflater.finish();
            byte[] some = new byte[1 << 16];
            while (!deflater.finished()) deflater.deflate(some);
            return 8.0 * deflater.getBytesWritten() / bytes.length;
        }
    }
}
