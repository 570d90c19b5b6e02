// SPDX-License-Identifier: Apache-2.0
package example;

import dev.jay.engine.Model;
import dev.jay.langchain4j.JayEmbeddingModel;
import dev.jay.langchain4j.JayStreamingChatModel;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.store.embedding.CosineSimilarity;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Finds the note that is nearest to a question and streams an answer with it. Run with the path of a model and a question. */
public final class LangChain4jChat {
    private static final List<TextSegment> NOTES = List.of(
            TextSegment.from("Jays are noisy and bury acorns."),
            TextSegment.from("The library opens at nine o'clock."));

    private LangChain4jChat() {}

    public static void main(String[] args) throws IOException {
        try (Model model = Model.open(Path.of(args[0]))) {
            String note = nearest(JayEmbeddingModel.of(model), args[1]);
            CompletableFuture<ChatResponse> done = new CompletableFuture<>();
            JayStreamingChatModel.of(model)
                    .withDefaults(
                            ChatRequestParameters.builder().maxOutputTokens(100).build())
                    .chat(note + " " + args[1], printing(done));
            System.out.println("\n" + done.join().tokenUsage());
        }
    }

    private static String nearest(JayEmbeddingModel embeddings, String question) {
        Embedding wanted = embeddings.embed(question).content();
        List<Embedding> notes = embeddings.embedAll(NOTES).content();
        return NOTES.stream()
                .max(Comparator.comparingDouble(n -> CosineSimilarity.between(wanted, notes.get(NOTES.indexOf(n)))))
                .orElseThrow()
                .text();
    }

    private static StreamingChatResponseHandler printing(CompletableFuture<ChatResponse> done) {
        return new StreamingChatResponseHandler() {
            @Override
            public void onPartialResponse(String text) {
                System.out.print(text);
            }

            @Override
            public void onCompleteResponse(ChatResponse response) {
                done.complete(response);
            }

            @Override
            public void onError(Throwable error) {
                done.completeExceptionally(error);
            }
        };
    }
}
