// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.memory.MappedFile;
import java.lang.foreign.MemorySegment;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.LongUnaryOperator;

/** An open model: GGUF, safetensors, llama2.c, or made up by a test. Bytes are borrowed from it. */
public interface WeightSource extends AutoCloseable {
    /**
     * One tensor as the file lists it.
     *
     * @param dims  fastest first, as GGUF writes them: dims[0] is the length of a row
     * @param type  the file's number for the format; it may be one we cannot decode
     */
    record Entry(String name, List<Long> dims, int type, String typeName, MemorySegment bytes) {}

    Metadata metadata();

    /** In file order. */
    Collection<Entry> entries();

    /** Null if the file has none of this name. */
    Entry find(String name);

    /** The files under the entries' bytes; borrowed. Not under all of them: some bytes may be nobody's file. */
    List<MappedFile> files();

    /**
     * From a row of the tensor as GGUF files of its family have it (an element, where it is a vector) to the row of the
     * entry's bytes that it is; empty where they are in the same order.
     */
    default Optional<LongUnaryOperator> rowOrder(Entry entry) {
        return Optional.empty();
    }

    /** Fails if the file under the mapping changed; called when a step begins. */
    void check();

    @Override
    void close();
}
