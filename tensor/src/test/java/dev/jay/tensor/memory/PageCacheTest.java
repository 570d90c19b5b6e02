// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class PageCacheTest {
    @TempDir
    Path folder;

    @Test
    @EnabledOnOs(OS.LINUX)
    void aForgottenFileShouldBeReadAgainAsItWasWritten() throws IOException {
        byte[] written = new byte[5_000_001];
        new Random(1).nextBytes(written);
        Path file = Files.write(folder.resolve("forgotten é"), written);

        assertThat(PageCache.forget(file)).isTrue();

        try (Memory memory = Memory.withBudget(0);
                MappedFile mapped = memory.map("file", file)) {
            assertThat(mapped.bytes().mismatch(MemorySegment.ofArray(written))).isEqualTo(-1);
        }
    }
}
