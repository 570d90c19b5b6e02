// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.model.ModelSpec;
import dev.jay.model.arch.Architectures;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Adapters of random numbers for a model file, strong enough to change what it says. */
public final class SynthAdapters {
    private static final int RANK = 4;

    private SynthAdapters() {}

    public static Path write(Path out, Path model, long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        try (Arena arena = Arena.ofConfined();
                Memory memory = Memory.withBudget(Long.MAX_VALUE);
                WeightSource source = ModelFiles.open(memory, model)) {
            ModelSpec spec = Architectures.of(source.metadata()).spec(source.metadata());
            List<AdapterSet.Pair> pairs = new ArrayList<>();
            for (WeightSource.Entry e : source.entries()) {
                String site = e.name().replaceFirst("\\.weight$", "");
                if (!AdapterSet.SITES.containsKey(site.substring(site.lastIndexOf('.') + 1))) continue;
                int cols = Math.toIntExact(e.dims().get(0));
                int rows = Math.toIntExact(e.dims().get(1));
                MemorySegment a = random(random, arena, RANK * cols);
                MemorySegment b = random(random, arena, rows * RANK);
                pairs.add(new AdapterSet.Pair(site, RANK, rows, cols, a, b));
            }
            AdapterWriter.of(spec, source, RANK, pairs).gguf(out, "synthetic " + seed);
        }
        return out;
    }

    private static MemorySegment random(SplittableRandom random, Arena arena, int count) {
        MemorySegment floats = arena.allocate(4L * count);
        for (int i = 0; i < count; i++) Floats.set(floats, i, (float) random.nextDouble(-0.1, 0.1));
        return floats;
    }
}
