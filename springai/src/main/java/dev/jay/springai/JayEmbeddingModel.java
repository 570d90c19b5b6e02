// SPDX-License-Identifier: Apache-2.0
package dev.jay.springai;

import dev.jay.engine.Model;
import dev.jay.tensor.kernel.Numerics;
import java.util.ArrayList;
import java.util.List;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.embedding.EmbeddingResponseMetadata;

/**
 * Spring AI's embeddings by a model in this process: vectors of length one. Thread-safe; borrows the model. Fails as
 * {@link Model#embed} does.
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
    public EmbeddingResponse call(EmbeddingRequest request) {
        List<int[]> inputs =
                request.getInstructions().stream().map(model::tokenize).toList();
        List<Embedding> all = new ArrayList<>();
        for (float[] vector : model.embed(inputs, model.pooling(), Numerics.FAST)) {
            all.add(new Embedding(vector, all.size()));
        }
        int tokens = inputs.stream().mapToInt(i -> i.length).sum();
        return new EmbeddingResponse(all, new EmbeddingResponseMetadata(model.name(), new DefaultUsage(tokens, 0)));
    }

    @Override
    public float[] embed(Document document) {
        return embed(getEmbeddingContent(document));
    }

    @Override
    public int dimensions() {
        return model.spec().dim();
    }
}
