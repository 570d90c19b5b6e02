// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * Parked answers in a small file beside the one for keys and values, which brings back what they were computed from.
 * Read when it is opened and taken away then: an answer goes on once. Written when it is closed, whole or not at all.
 * Little-endian:
 *
 * <pre>
 * [magic:8][version:4][identity:32][answers:4] ([print:32][seed:8][tokens:4][token:4]...)... [crc:4]
 * </pre>
 *
 * Readable by its owner only: tokens are what was said. What is in it of a request is a hash.
 */
final class ParkingFile implements Parking {
    private static final System.Logger LOG = System.getLogger(ParkingFile.class.getName());
    private static final long MAGIC = 0x31_4b_52_50_59_41_4a_0aL; // "\nJAYPRK1"
    private static final int VERSION = 1;
    private static final int FIXED = 8 + 4 + 32 + 4;
    private static final int ANSWER_FIXED = RequestPrint.BYTES + 8 + 4;
    private static final int MOST_ANSWERS = 1024;
    private static final int MOST_BYTES = 64 << 20;

    private final Path path;
    private final byte[] identity;
    private final List<Map.Entry<String, Answer>> fresh = new ArrayList<>();
    private final Map<String, Deque<Answer>> known = new HashMap<>();

    /** @param identity 32 bytes: of the model, and of how its keys and values are kept */
    ParkingFile(Path path, byte[] identity) throws IOException {
        this.path = path;
        this.identity = identity.clone();
        if (Files.notExists(path)) return;
        ByteBuffer all = ByteBuffer.wrap(new byte[0]);
        if (Files.size(path) <= MOST_BYTES) all = ByteBuffer.wrap(Files.readAllBytes(path));
        if (!read(all.order(ByteOrder.LITTLE_ENDIAN))) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "parked answers in {0} are not this model''s, or broken: left out",
                    path);
        }
        Files.delete(path);
    }

    private boolean read(ByteBuffer all) {
        int end = all.limit() - 4;
        if (end < FIXED || crc(all.slice(0, end)) != all.getInt(end)) return false;
        byte[] whose = new byte[identity.length];
        if (all.getLong() != MAGIC || all.getInt() != VERSION) return false;
        all.get(whose);
        if (!Arrays.equals(whose, identity)) return false;
        for (int left = all.getInt(); left > 0; left--) {
            if (end - all.position() < ANSWER_FIXED) return false;
            byte[] print = new byte[RequestPrint.BYTES];
            all.get(print);
            long seed = all.getLong();
            int count = all.getInt();
            if (count < 1 || count > (end - all.position()) / 4) return false;
            int[] tokens = new int[count];
            for (int i = 0; i < count; i++) tokens[i] = all.getInt();
            known.computeIfAbsent(HexFormat.of().formatHex(print), _ -> new ArrayDeque<>())
                    .add(new Answer(seed, tokens));
        }
        return true;
    }

    private static int crc(ByteBuffer bytes) {
        CRC32C sum = new CRC32C();
        sum.update(bytes);
        return (int) sum.getValue();
    }

    @Override
    public void park(Request request, int[] prompt, Answer answer) {
        if (RequestPrint.canPark(request) && answer.tokens().length > 0)
            fresh.add(Map.entry(RequestPrint.of(request, prompt), answer));
    }

    @Override
    public Optional<Answer> take(Request request, int... prompt) {
        if (known.isEmpty() || !RequestPrint.canPark(request)) return Optional.empty();
        String print = RequestPrint.of(request, prompt);
        Deque<Answer> answers = known.get(print);
        if (answers == null) return Optional.empty();
        Answer first = answers.poll();
        if (answers.isEmpty()) known.remove(print);
        return Optional.of(first);
    }

    @Override
    public void close() {
        known.forEach((print, answers) -> answers.forEach(a -> fresh.add(Map.entry(print, a))));
        known.clear();
        if (fresh.isEmpty()) return;
        try {
            write(fresh.subList(0, Math.min(fresh.size(), MOST_ANSWERS)));
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "answers that were not done could not be parked", e);
        }
        fresh.clear();
    }

    private void write(List<Map.Entry<String, Answer>> answers) throws IOException {
        long bytes = FIXED + 4L;
        for (Map.Entry<String, Answer> a : answers)
            bytes += ANSWER_FIXED + 4L * a.getValue().tokens().length;
        if (bytes > MOST_BYTES) throw new IOException("too many tokens: bytes=" + bytes + ", allowed: " + MOST_BYTES);
        ByteBuffer all = ByteBuffer.allocate((int) bytes).order(ByteOrder.LITTLE_ENDIAN);
        all.putLong(MAGIC).putInt(VERSION).put(identity).putInt(answers.size());
        for (Map.Entry<String, Answer> a : answers) {
            all.put(HexFormat.of().parseHex(a.getKey()));
            all.putLong(a.getValue().seed()).putInt(a.getValue().tokens().length);
            for (int token : a.getValue().tokens()) all.putInt(token);
        }
        all.putInt(crc(all.duplicate().flip()));
        Path whole = path.resolveSibling(path.getFileName() + ".new");
        Files.deleteIfExists(whole);
        if (path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.createFile(whole, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        }
        try (FileChannel file = FileChannel.open(whole, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            all.flip();
            while (all.hasRemaining()) file.write(all);
            file.force(true);
        }
        Files.move(whole, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
