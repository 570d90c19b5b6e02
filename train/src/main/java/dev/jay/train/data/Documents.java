// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.data;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The documents of files, one after the other, none of them held longer than it is looked at. A {@code .jsonl} file has a
 * JSON object with a {@code text} on each line; any other is UTF-8 text whose documents end with a line
 * {@code <|endoftext|>}. Either may be gzipped ({@code .gz}). A document of more than {@value #MOST} characters is cut at
 * the end of a line.
 */
public final class Documents {
    /** The line between two documents of a text. */
    public static final String END = "<|endoftext|>";

    static final int MOST = 1 << 22;

    /** What is done with a document. */
    public interface Sink {
        void document(String text) throws IOException;
    }

    /** Told how many bytes of all files, as they lie on the disk, have been read. */
    public interface Progress {
        void read(long bytes, long total);
    }

    private Documents() {}

    /** @throws IOException if a file cannot be read or is malformed; it names file and line */
    public static void read(List<Path> files, Sink sink, Progress progress) throws IOException {
        long total = 0;
        for (Path file : files) total += Files.size(file);
        long before = 0;
        for (Path file : files) {
            long at = before;
            long all = total;
            read(file, sink, bytes -> progress.read(at + bytes, all));
            before += Files.size(file);
        }
    }

    private interface Bytes {
        void read(long bytes);
    }

    private static void read(Path file, Sink sink, Bytes progress) throws IOException {
        String name = file.getFileName().toString();
        boolean zipped = name.endsWith(".gz");
        boolean lines = (zipped ? name.substring(0, name.length() - 3) : name).endsWith(".jsonl");
        try (Counting bytes = new Counting(Files.newInputStream(file));
                InputStream plain = zipped ? new GZIPInputStream(bytes, 1 << 16) : bytes;
                BufferedReader reader = new BufferedReader(new InputStreamReader(plain, StandardCharsets.UTF_8))) {
            Sink told = text -> {
                sink.document(text);
                progress.read(bytes.count);
            };
            if (lines) objects(file, reader, told);
            else texts(reader, told);
        }
    }

    private static void texts(BufferedReader reader, Sink sink) throws IOException {
        StringBuilder text = new StringBuilder();
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            boolean ended = line.equals(END);
            if (!ended) text.append(line).append('\n');
            if (ended || text.length() > MOST) {
                if (!text.isEmpty()) sink.document(text.toString());
                text.setLength(0);
            }
        }
        if (!text.isEmpty()) sink.document(text.toString());
    }

    private static void objects(Path file, BufferedReader reader, Sink sink) throws IOException {
        long number = 0;
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            number++;
            if (line.isBlank()) continue;
            JsonNode text;
            try {
                text = JsonMapper.shared().readTree(line).get("text");
            } catch (JacksonException e) {
                throw new IOException(file + ", line " + number + " is no JSON: " + e.getOriginalMessage(), e);
            }
            if (text == null || !text.isString()) {
                throw new IOException(file + ", line " + number + ": wanted an object with a \"text\"");
            }
            if (!text.asString().isEmpty()) sink.document(text.asString());
        }
    }

    /** Counts what was read of the file itself. */
    private static final class Counting extends FilterInputStream {
        private long count;

        Counting(InputStream in) {
            super(new BufferedInputStream(in, 1 << 16));
        }

        @Override
        public int read() throws IOException {
            int b = super.read();
            if (b >= 0) count++;
            return b;
        }

        @Override
        public int read(byte[] to, int from, int length) throws IOException {
            int n = super.read(to, from, length);
            if (n > 0) count += n;
            return n;
        }
    }
}
