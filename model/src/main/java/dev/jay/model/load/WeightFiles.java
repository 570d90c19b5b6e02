// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.memory.MappedFile;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** Where the tensors of a source lie in its files, and plain reads of a few bytes of them. Owns its channels. */
final class WeightFiles implements AutoCloseable {
    private final WeightSource source;
    private final List<MappedFile> files;
    private final List<FileChannel> channels = new ArrayList<>();

    WeightFiles(WeightSource source) throws IOException {
        this.source = source;
        this.files = source.files();
        for (MappedFile file : files) channels.add(FileChannel.open(file.path(), StandardOpenOption.READ));
    }

    List<Path> paths() {
        return files.stream().map(MappedFile::path).toList();
    }

    /** All tensors in files whose name says that they are of this layer. */
    WeightUnit layer(int layer) {
        String prefix = "blk." + layer + ".";
        List<WeightUnit.Part> parts = source.entries().stream()
                .filter(e -> e.name().startsWith(prefix) && fileOf(e) >= 0)
                .map(e -> part(e, 0, e.bytes().byteSize()))
                .toList();
        return new WeightUnit(parts);
    }

    /** A run of bytes of one tensor. */
    WeightUnit rows(String name, long from, long bytes) {
        return new WeightUnit(List.of(part(source.find(name), from, bytes)));
    }

    private WeightUnit.Part part(WeightSource.Entry entry, long from, long bytes) {
        int file = fileOf(entry);
        if (file < 0) throw new IllegalStateException("tensor lies in none of the files: name=" + entry.name());
        long start = files.get(file).bytes().address();
        return new WeightUnit.Part(entry.name(), file, entry.bytes().address() - start + from, bytes);
    }

    /** -1: its bytes are nobody's file, and always in memory. */
    private int fileOf(WeightSource.Entry entry) {
        long address = entry.bytes().address();
        for (int f = 0; f < files.size(); f++) {
            MemorySegment bytes = files.get(f).bytes();
            if (address >= bytes.address() && address < bytes.address() + bytes.byteSize()) return f;
        }
        return -1;
    }

    boolean isInFile(String name) {
        return fileOf(source.find(name)) >= 0;
    }

    /** Some bytes of a tensor, through the page cache: for what is read in small pieces, again and again. */
    byte[] read(String name, long from, int bytes) {
        WeightUnit.Part part = part(source.find(name), from, bytes);
        ByteBuffer buffer = ByteBuffer.allocate(bytes);
        try {
            while (buffer.hasRemaining()) {
                int got = channels.get(part.file()).read(buffer, part.from() + buffer.position());
                if (got < 0) throw new EOFException("file ends within tensor " + name);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return buffer.array();
    }

    @Override
    public void close() throws IOException {
        for (FileChannel channel : channels) channel.close();
    }
}
