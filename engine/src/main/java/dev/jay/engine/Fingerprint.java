// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.model.load.ModelFiles;
import dev.jay.model.load.WeightSource;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Tells one model's weights from another's, wherever their file lies. */
public final class Fingerprint {
    private static final int SAMPLES = 8; // of each tensor: reading all of it would take as long as loading the model
    private static final int SAMPLE_BYTES = 256;

    private static final long HEADER = 1 << 20; // beside what is mapped

    private Fingerprint() {}

    /** Of a model's file, in hexadecimal digits. */
    public static String of(Path file) throws IOException {
        try (Memory memory = Memory.withBudget(HEADER);
                WeightSource source = ModelFiles.open(memory, file)) {
            return of(source);
        }
    }

    /** In hexadecimal digits. */
    static String of(WeightSource source) {
        return HexFormat.of().formatHex(of(source, ""));
    }

    /**
     * 32 bytes, the same for the same weights used in the same way; of each tensor some samples are read.
     *
     * @param how what besides the weights must be the same
     */
    static byte[] of(WeightSource source, String how) {
        MessageDigest all;
        try {
            all = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK lacks SHA-256", e);
        }
        all.update(how.getBytes(StandardCharsets.UTF_8));
        source.metadata().values().forEach((key, value) -> {
            boolean plain = value instanceof String || value instanceof Number || value instanceof Boolean;
            all.update((key + '=' + (plain ? value : "")).getBytes(StandardCharsets.UTF_8));
        });
        for (WeightSource.Entry tensor : source.entries()) {
            all.update((tensor.name() + tensor.dims() + tensor.type()).getBytes(StandardCharsets.UTF_8));
            MemorySegment bytes = tensor.bytes();
            long step = Math.max(SAMPLE_BYTES, bytes.byteSize() / SAMPLES);
            for (long at = 0; at < bytes.byteSize(); at += step) {
                long count = Math.min(SAMPLE_BYTES, bytes.byteSize() - at);
                all.update(bytes.asSlice(at, count).toArray(ValueLayout.JAVA_BYTE));
            }
        }
        return all.digest();
    }
}
