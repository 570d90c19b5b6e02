// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.kv.KvRecipe;
import dev.jay.kv.prefix.PrefixTier;
import dev.jay.kv.prefix.Recall;
import dev.jay.kv.tier.FileTier;
import dev.jay.model.load.WeightSource;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Opens the file for idle prefixes and sees to it that it is this model's. */
final class Tiers {
    private static final int SAMPLES = 8; // of each tensor: reading all of it would take as long as loading the model
    private static final int SAMPLE_BYTES = 256;

    private static final String PARKED = ".parked"; // beside the file of keys and values

    /** What outlives the process. */
    record Opened(PrefixTier prefixes, Parking parking) {
        static final Opened NONE = new Opened(PrefixTier.NONE, Parking.NONE);
    }

    private Tiers() {}

    /**
     * @param kernels what the arithmetic depends on besides the weights
     * @param recall  what is read rather than computed again
     * @param waker   called when something has been read back
     */
    static Opened open(
            ModelOptions options,
            Owned owned,
            WeightSource source,
            String kernels,
            Map<Numerics, KvRecipe> recipes,
            Forward forward,
            Memory memory,
            Recall recall,
            Runnable waker)
            throws IOException {
        int tokens = 0;
        int pages = 0;
        StringBuilder how = new StringBuilder(kernels);
        for (Numerics numerics : Numerics.values()) {
            int stride = forward.strideTokens(numerics);
            tokens = Math.max(tokens, stride);
            pages = Math.max(pages, forward.stridePages(numerics));
            how.append("; ").append(numerics).append(' ').append(recipes.get(numerics));
            how.append(' ').append(stride);
        }
        how.append("; page bytes ").append(forward.pool().pageBytes());
        ExecutorService thread = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().daemon().name("jay-kv-file").factory());
        owned.add(thread, ExecutorService::close);
        byte[] identity = identity(source, how.toString());
        FileTier.Format format = new FileTier.Format(identity, tokens, pages);
        PrefixTier prefixes = owned.add(
                new FileTier(
                        options.kvFile().orElseThrow(),
                        format,
                        options.kvFileBytes(),
                        recall,
                        forward.pool(),
                        memory,
                        thread,
                        waker),
                PrefixTier::close);
        Path file = options.kvFile().orElseThrow();
        Path parked = file.resolveSibling(file.getFileName() + PARKED);
        return new Opened(prefixes, owned.add(new ParkingFile(parked, identity), Parking::close));
    }

    /** The same for the same weights kept in the same way, wherever the file lies; of each tensor some samples are read. */
    private static byte[] identity(WeightSource source, String how) {
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
