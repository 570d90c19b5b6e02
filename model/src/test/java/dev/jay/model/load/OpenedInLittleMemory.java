// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.nio.file.Path;

/** A process that opens files one by one and says of each, on a line of its own, how long it took and what came of it. */
final class OpenedInLittleMemory {
    static final long OFF_HEAP = 64L << 20;

    private OpenedInLittleMemory() {}

    /** @param files the first, a sound one, is opened once more before: classes are loaded then */
    public static void main(String[] files) throws IOException {
        open(Path.of(files[0]));
        for (String file : files) {
            long from = System.nanoTime();
            String outcome = open(Path.of(file));
            System.out.println((System.nanoTime() - from) / 1_000_000 + " " + outcome.replace('\n', '|'));
        }
    }

    private static String open(Path file) throws IOException {
        try (Memory memory = Memory.withBudget(OFF_HEAP)) {
            try (WeightSource source = ModelFiles.open(memory, file)) {
                return "ok " + source.entries().size();
            } catch (MalformedModelException e) {
                return "refused " + e.getMessage();
            }
        }
    }
}
