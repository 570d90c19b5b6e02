// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.hub;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/**
 * One file, fetched into {@code FILE.part} and moved into place when all of it is there, on its disk, and has the hash
 * that the hub says. What an earlier try left is gone on from.
 */
final class HubDownload {
    private static final int TRIES = 5; // in which not a byte came
    private static final Duration STALLED = Duration.ofSeconds(60);
    private static final int PIECE = 1 << 18;

    private final HubHttp http;
    private final HubAccess access;
    private final HubModel model;
    private final HubFile file;
    private final Path target;
    private final Path part;
    private final LongConsumer fetched;
    private MessageDigest digest;
    private long have;

    /** @param fetched told how many bytes of the file are here */
    HubDownload(HubHttp http, HubAccess access, HubModel model, HubFile file, Path target, LongConsumer fetched) {
        this.http = http;
        this.access = access;
        this.model = model;
        this.file = file;
        this.target = target;
        this.part = target.resolveSibling(target.getFileName() + ".part");
        this.fetched = fetched;
    }

    void run(URI uri) throws IOException {
        Files.createDirectories(target.getParent());
        startFromWhatIsThere();
        for (int failed = 0; have < file.size(); ) {
            long before = have;
            try {
                fetch(uri);
            } catch (HubException e) {
                throw e;
            } catch (IOException e) {
                failed = have > before ? 0 : failed + 1;
                if (failed == TRIES)
                    throw new HubException(
                            model + ": " + file.path() + ": the connection is cut again and again: " + e, e);
                HubHttp.sleep(access.pause().multipliedBy(1L << failed));
            }
        }
        finish();
    }

    private void startFromWhatIsThere() throws IOException {
        digest = newDigest();
        have = 0;
        if (!Files.isRegularFile(part)) Files.write(part, new byte[0]);
        if (Files.size(part) > file.size()) startAnew();
        byte[] piece = new byte[PIECE];
        try (InputStream in = Files.newInputStream(part)) {
            for (int n; (n = in.read(piece)) > 0; have += n) digest.update(piece, 0, n);
        }
        fetched.accept(have);
    }

    private void startAnew() throws IOException {
        Files.write(part, new byte[0]);
        digest = newDigest();
        have = 0;
    }

    private MessageDigest newDigest() {
        try {
            if (file.hash().length() == 64) return MessageDigest.getInstance("SHA-256");
            MessageDigest git = MessageDigest.getInstance("SHA-1");
            git.update(("blob " + file.size() + '\0').getBytes(StandardCharsets.US_ASCII));
            return git;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK lacks a hash", e);
        }
    }

    private void fetch(URI uri) throws IOException {
        HttpResponse<InputStream> response = http.get(model, uri, have);
        try (InputStream in = response.body()) {
            if (response.statusCode() == 416) {
                startAnew();
                throw new IOException("the server has no more of it");
            }
            if (response.statusCode() == 200) startAnew(); // it does not go on in the middle
            else checkRange(response.headers().firstValue("content-range").orElse(""));
            long says = response.headers().firstValueAsLong("content-length").orElse(file.size() - have);
            if (says != file.size() - have)
                throw wrong("the server offers " + says + " bytes, wanted=" + (file.size() - have));
            copy(in);
        }
        if (have < file.size()) throw new IOException("it ended at byte " + have + " of " + file.size());
    }

    private void checkRange(String range) throws HubException {
        if (!range.matches("bytes " + have + "-\\d+/(" + file.size() + "|\\*)")) {
            throw wrong(
                    "the server offers another part: " + range.replaceAll("[^\\w /*-]", "?") + ", wanted from=" + have);
        }
    }

    /** Nothing else ends a read that nothing comes for, so somebody watches. */
    private void copy(InputStream in) throws IOException {
        AtomicLong lastByte = new AtomicLong(System.nanoTime());
        Thread watch = Thread.ofVirtual().start(() -> {
            try {
                while (System.nanoTime() - lastByte.get() < STALLED.toNanos()) Thread.sleep(Duration.ofSeconds(1));
                in.close();
            } catch (InterruptedException | IOException e) {
                // the copy has ended, or will
            }
        });
        byte[] piece = new byte[PIECE];
        try (OutputStream out = Files.newOutputStream(part, StandardOpenOption.APPEND)) {
            for (int n; (n = in.read(piece)) >= 0; ) {
                if (n > file.size() - have)
                    throw wrong("the server sends more than the file's " + file.size() + " bytes");
                out.write(piece, 0, n);
                digest.update(piece, 0, n);
                have += n;
                lastByte.set(System.nanoTime());
                fetched.accept(have);
            }
        } finally {
            watch.interrupt();
        }
    }

    private void finish() throws IOException {
        String got = HexFormat.of().formatHex(digest.digest());
        if (!got.equals(file.hash())) {
            Files.delete(part);
            throw wrong("what came has another hash; it was thrown away: wanted=" + file.hash() + ", got=" + got);
        }
        try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private HubException wrong(String what) {
        return new HubException(model + ": " + file.path() + ": " + what);
    }
}
