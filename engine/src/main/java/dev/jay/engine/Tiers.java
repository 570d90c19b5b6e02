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
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Opens the file for idle prefixes and sees to it that it is this model's. */
final class Tiers {
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
        byte[] identity = Fingerprint.of(source, how.toString());
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
}
