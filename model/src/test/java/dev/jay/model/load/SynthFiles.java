// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Tiny models with metadata of a test's own. */
public final class SynthFiles {
    /** As a value: the key is taken out. */
    public static final Object ABSENT = new Object();

    private SynthFiles() {}

    /** Writes a llama of random weights to {@code out}, with these values put over its own. */
    public static Path write(Path out, Map<String, Object> changes) throws IOException {
        Path plain = out.resolveSibling(out.getFileName() + ".plain");
        try (Memory memory = Memory.withBudget(8 << 20);
                Workers workers = Workers.of(1)) {
            Synth.write(
                    memory,
                    workers,
                    SynthShapes.ALL.make("llama-tiny"),
                    WeightFormats.ALL.make("f32"),
                    5,
                    plain,
                    (done, total, tensor) -> {});
            try (WeightSource source = ModelFiles.open(memory, plain)) {
                GgufWriter writer = new GgufWriter().metadata((Gguf) source);
                changes.forEach((key, value) -> {
                    if (value == ABSENT) writer.remove(key);
                    else writer.put(key, value);
                });
                for (WeightSource.Entry e : source.entries()) {
                    writer.tensor(
                            e.name(), e.dims(), GgmlType.of(e.type()).orElseThrow(), sink -> sink.write(e.bytes()));
                }
                writer.write(out);
            }
        }
        Files.delete(plain);
        return out;
    }
}
