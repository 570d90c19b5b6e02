// SPDX-License-Identifier: Apache-2.0
package dev.jay.springai;

import dev.jay.engine.Model;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

/**
 * Spring AI's chats by a model in this process: no server. Thread-safe; borrows the model, whose owner closes it. A stream
 * asks the model for no more than is asked of it, and one that is cancelled ends its answer. Fails as
 * {@link Model#generate} does; {@code UnsupportedOperationException} for anything but text.
 *
 * <p>Tools among the options are offered to the model, and its calls are returned, those of a stream in its last response.
 * As with every model since Spring AI 2, it is the caller that runs them: {@code ChatClient} by itself, others by a
 * {@code ToolCallingManager}. An output schema among the options is held to by every token. What was thought is the
 * message's metadata {@code thinking}.
 */
public final class JayChatModel implements ChatModel {
    private final Chats chats;
    private final JayChatOptions defaults;

    private JayChatModel(Chats chats, JayChatOptions defaults) {
        this.chats = chats;
        this.defaults = defaults;
    }

    public static JayChatModel of(Model model) {
        return new JayChatModel(new Chats(model), JayChatOptions.builder().build());
    }

    /** For prompts that do not say otherwise. */
    public JayChatModel withDefaults(ChatOptions options) {
        return new JayChatModel(
                chats, JayChatOptions.builder().combineWith(options.mutate()).build());
    }

    /** Of a kind that takes tools and a schema, whatever kind the defaults were given in: clients build on these. */
    @Override
    public JayChatOptions getOptions() {
        return defaults;
    }

    @Override
    public ChatResponse call(Prompt prompt) {
        try (Chats.Begun begun = chats.start(prompt, defaults)) {
            begun.answer().next(begun.generation().text());
            begun.answer().finish();
            return begun.answer().whole(begun.generation().finish());
        }
    }

    @Override
    public Flux<ChatResponse> stream(Prompt prompt) {
        return Flux.using(() -> chats.start(prompt, defaults), JayChatModel::told, Chats.Begun::close)
                .subscribeOn(Schedulers.boundedElastic());
    }

    /** The pieces, and a last response with the calls, how it ended and what it took. */
    private static Flux<ChatResponse> told(Chats.Begun begun) {
        Answer answer = begun.answer();
        return Flux.fromIterable(begun.generation())
                .map(piece -> answer.next(piece.text()))
                .concatWith(Flux.defer(() -> Flux.just(answer.finish())))
                .filter(delta ->
                        !delta.content().isEmpty() || !delta.reasoning().isEmpty())
                .map(answer::part)
                .concatWith(Flux.defer(
                        () -> Flux.just(answer.last(begun.generation().finish()))));
    }
}
