// SPDX-License-Identifier: Apache-2.0
package example;

import dev.jay.engine.Model;
import dev.jay.springai.JayChatModel;
import java.io.IOException;
import java.nio.file.Path;
import org.springframework.ai.chat.prompt.ChatOptions;

/** Streams an answer. Run with the path of a model and a question. */
public final class SpringAiChat {
    private SpringAiChat() {}

    public static void main(String[] args) throws IOException {
        try (Model model = Model.open(Path.of(args[0]))) {
            JayChatModel.of(model)
                    .withDefaults(ChatOptions.builder().maxTokens(100).build())
                    .stream(args[1])
                    .doOnNext(System.out::print)
                    .blockLast();
        }
    }
}
