// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.model.arch.Transformer;
import dev.jay.model.load.StreamedWeights;
import dev.jay.model.load.WeightSource;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.memory.MappedFile;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.util.Map;

/** Whether a model's weights stay in memory whole, by what its budget leaves when all else is promised. */
final class ModelRoom {
    private static final long SPARE = 1 << 20; // for kernels whose working space grows past what they said when bound

    private static final int LEAST_STEP = 16;

    private final Memory memory;
    private final WeightSource source;
    private final int contextLength;
    private final int parallel;

    ModelRoom(Memory memory, WeightSource source, int contextLength, int parallel) {
        this.memory = memory;
        this.source = source;
        this.contextLength = contextLength;
        this.parallel = parallel;
    }

    /** Before keys, values and working space are taken. Weights that are no file's are their owner's to count. */
    boolean holdsWeights(Map<Numerics, Transformer> transformers, int stepTokens) {
        long files = fileBytes();
        return files == 0 || files <= left(transformers, stepTokens);
    }

    /** Fewer tokens a step, and so less working space, where streamed weights would not fit otherwise. */
    int stepTokens(Map<Numerics, Transformer> transformers, int most, long weights) {
        int tokens = most;
        while (tokens > LEAST_STEP && weights > left(transformers, tokens)) tokens = Math.max(LEAST_STEP, tokens / 2);
        return tokens;
    }

    private long left(Map<Numerics, Transformer> transformers, int stepTokens) {
        long others = TransformerForward.Sizes.of(transformers.values(), contextLength, parallel, stepTokens)
                .bytes();
        return memory.budget() - memory.promised() - others - SPARE;
    }

    private long fileBytes() {
        return source.files().stream().mapToLong(f -> f.bytes().byteSize()).sum();
    }

    /** After they were taken: the weights get the rest. */
    void settle(StreamedWeights streamed) throws IOException {
        if (streamed == null) source.files().forEach(MappedFile::claim);
        else streamed.start(memory, memory.budget() - memory.promised() - SPARE);
    }
}
