// SPDX-License-Identifier: Apache-2.0
package dev.jay.langchain4j;

import dev.jay.engine.Model;
import dev.jay.tensor.kernel.Numerics;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.output.Response;
import dev.langchain4j.model.output.TokenUsage;
import java.util.List;

/**
 * LangChain4j's embeddings by a model in this process: vectors of length one. Thread-safe; borrows the model. Fails as
 * {@link JayChatModel} does.
 */
public final class JayEmbeddingModel implements EmbeddingModel {
    private final Model model;

    private JayEmbeddingModel(Model model) {
        this.model = model;
    }

    public static JayEmbeddingModel of(Model model) {
        return new JayEmbeddingModel(model);
    }

    @Override
    public Response<List<Embedding>> embedAll(List<TextSegment> segments) {
        try {
            List<int[]> inputs =
                    segments.stream().map(s -> model.tokenize(s.text())).toList();
            List<Embedding> vectors = model.embed(inputs, model.pooling(), Numerics.FAST).stream()
                    .map(Embedding::from)
                    .toList();
            return Response.from(
                    vectors,
                    new TokenUsage(inputs.stream().mapToInt(i -> i.length).sum()));
        } catch (RuntimeException e) {
            throw Chats.told(e);
        }
    }

    @Override
    public int dimension() {
        return model.spec().dim();
    }

    @Override
    public String modelName() {
        return model.name();
    }
}
