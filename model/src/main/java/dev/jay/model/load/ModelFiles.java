// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.format.Floats;
import dev.jay.tensor.memory.MappedFile;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Opens a model of whichever kind it is: a file, or a folder with one model in it. */
public final class ModelFiles {
    private static final String KNOWN = "[GGUF (versions 2 and 3), safetensors, llama2.c checkpoint (version 0)]";

    private ModelFiles() {}

    /**
     * The caller owns the source and closes it; it owns its mappings, which are listed in the memory.
     *
     * @throws MalformedModelException if the file is of no kind we know, or breaks the rules of its kind
     * @throws NoSuchFileException     if it is not there
     */
    public static WeightSource open(Memory memory, Path path) throws IOException {
        if (!Files.exists(path)) throw new NoSuchFileException(path.toString(), null, "no such model file");
        if (Files.isDirectory(path)) return openFolder(memory, path);
        if (!Files.isRegularFile(path)) throw new MalformedModelException(path, 0, "not a regular file");
        if (path.toString().endsWith(SafetensorsFiles.INDEX_SUFFIX)) return Safetensors.open(memory, path);
        return switch (kind(memory, path)) {
            case GGUF -> Gguf.open(memory, path);
            case SAFETENSORS -> Safetensors.open(memory, path);
            case LLAMA2C -> Llama2c.open(memory, path);
        };
    }

    private enum Kind {
        GGUF,
        SAFETENSORS,
        LLAMA2C
    }

    private static Kind kind(Memory memory, Path path) throws IOException {
        try (MappedFile file = memory.map("weights", path)) {
            MemorySegment bytes = file.bytes();
            if (bytes.byteSize() >= 4 && bytes.get(Floats.INT, 0) == GgufPart.MAGIC) return Kind.GGUF;
            if (path.toString().endsWith(SafetensorsFiles.SUFFIX) || SafetensorsFile.isOne(bytes)) {
                return Kind.SAFETENSORS;
            }
            if (Llama2c.isOne(path, bytes)) return Kind.LLAMA2C;
            byte[] first = bytes.asSlice(0, Math.min(8, bytes.byteSize())).toArray(ValueLayout.JAVA_BYTE);
            throw new MalformedModelException(
                    path,
                    0,
                    "not a model file that Jay knows: first bytes="
                            + HexFormat.of().formatHex(first) + ", size=" + bytes.byteSize() + ", known=" + KNOWN);
        }
    }

    /** The one model that is in a folder: safetensors with their config.json, or a GGUF file in one part or several. */
    private static WeightSource openFolder(Memory memory, Path folder) throws IOException {
        List<Path> ggufs = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(folder, "*.gguf")) {
            for (Path each : all) ggufs.add(each);
        }
        if (ggufs.isEmpty() || Files.isRegularFile(folder.resolve("config.json"))) {
            return Safetensors.open(memory, folder);
        }
        ggufs.sort(null);
        List<Path> first = ggufs.stream().filter(Gguf::isFirst).toList();
        if (first.size() == 1) return Gguf.open(memory, first.getFirst());
        throw new MalformedModelException(
                folder,
                0,
                "several models are in it, name one of "
                        + first.stream().map(Path::getFileName).toList());
    }
}
