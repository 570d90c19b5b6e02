// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.format.Floats;
import dev.jay.tensor.memory.MappedFile;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;

/** Opens a model file of whichever kind it is. */
public final class ModelFiles {
    private static final String KNOWN = "[GGUF (versions 2 and 3), llama2.c checkpoint (version 0)]";

    private ModelFiles() {}

    /**
     * The caller owns the source and closes it; it owns its mappings, which are listed in the memory.
     *
     * @throws MalformedModelException if the file is of no kind we know, or breaks the rules of its kind
     * @throws NoSuchFileException     if it is not there
     */
    public static WeightSource open(Memory memory, Path path) throws IOException {
        if (!Files.exists(path)) throw new NoSuchFileException(path.toString(), null, "no such model file");
        if (!Files.isRegularFile(path)) throw new MalformedModelException(path, 0, "not a regular file");
        boolean gguf;
        try (MappedFile file = memory.map("weights", path)) {
            MemorySegment bytes = file.bytes();
            gguf = bytes.byteSize() >= 4 && bytes.get(Floats.INT, 0) == GgufPart.MAGIC;
            if (!gguf && !Llama2c.isOne(path, bytes)) {
                byte[] first = bytes.asSlice(0, Math.min(8, bytes.byteSize())).toArray(ValueLayout.JAVA_BYTE);
                throw new MalformedModelException(
                        path,
                        0,
                        "not a model file that Jay knows: first bytes="
                                + HexFormat.of().formatHex(first) + ", size=" + bytes.byteSize() + ", known=" + KNOWN);
            }
        }
        return gguf ? Gguf.open(memory, path) : Llama2c.open(memory, path);
    }
}
