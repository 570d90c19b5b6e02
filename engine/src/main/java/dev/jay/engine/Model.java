// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.plan.Plan;
import dev.jay.kv.KvRecipe;
import dev.jay.model.ModelSpec;
import dev.jay.model.Pooling;
import dev.jay.model.load.Metadata;
import dev.jay.model.text.Tokenizer;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * An open model. Thread-safe: shared by as many callers as like; their requests run side by side. Closing it ends running
 * answers, whose readers get a {@link GenerationException} that says so.
 *
 * {@snippet :
 * try (Model model = Model.open(Path.of("model.gguf"));
 *         Session session = model.session()) {
 *     session.system("You are terse.");
 *     session.chat("Why is the sky blue?").forEach(piece -> System.out.print(piece.text()));
 * }
 * }
 */
public interface Model extends AutoCloseable {
    /** As {@link #open(Path, ModelOptions)} with {@link ModelOptions#defaults}. */
    static Model open(Path file) throws IOException {
        return open(file, ModelOptions.defaults());
    }

    /**
     * Opens a model file and starts its engine.
     *
     * @throws dev.jay.model.load.MalformedModelException if the file is not a sound model
     * @throws dev.jay.tensor.memory.OutOfBudgetException if it does not fit the budget
     */
    static Model open(Path file, ModelOptions options) throws IOException {
        return LoadedModel.open(file, options);
    }

    /** A new conversation. The caller closes it. */
    Session session();

    /**
     * Starts an answer.
     *
     * @throws ContextFullException if prompt and answer do not fit the context
     * @throws NeverFitsException   if they could not run even alone
     * @throws QueueFullException   if too many wait already
     */
    Generation generate(Request request);

    /** Goes on after this text (raw: no chat template), as {@link #generate(Request)} with defaults. */
    default Generation generate(String text) {
        return generate(Request.of(tokenize(text)));
    }

    /** As {@link #generate(Request)}, but pushed: the sink is called on the engine thread. */
    Ticket submit(Request request, TokenSink sink);

    /**
     * Texts as vectors of length one and of {@link ModelSpec#dim} numbers, in their order, within the model's budget and
     * beside whatever else it runs. Waits until all are done; interrupting the thread ends it.
     *
     * @param inputs  the tokens of each text, one at least: {@link #tokenize} has them as models want them
     * @param pooling {@link #pooling} unless the caller knows better
     * @throws IllegalArgumentException if an input is empty or names a token that the model does not have
     * @throws ContextFullException     if an input does not fit the context
     * @throws QueueFullException       if too many requests wait already
     * @throws GenerationException      if one failed, or the model was closed
     */
    default List<float[]> embed(List<int[]> inputs, Pooling pooling, Numerics numerics) {
        throw new UnsupportedOperationException("this model gives no embeddings: " + name());
    }

    /** How the file says that its rows become a vector; where it says nothing, the last token's of a decoder. */
    default Pooling pooling() {
        return Pooling.LAST;
    }

    /** The tokens of a prompt: BOS where the model wants one; control tokens written in the text are plain text. */
    int[] tokenize(String text);

    /** The text of these tokens; control tokens have none. */
    String detokenize(int... tokens);

    /**
     * A conversation as the model's chat template writes it, ready for the assistant's answer. Control tokens written in
     * a message's content are plain text. A file without a template gets ChatML; see {@link #hasChatTemplate}.
     *
     * @throws dev.jay.model.load.MalformedModelException          if the file's template cannot be read
     * @throws dev.jay.model.text.jinja.TemplateException if the template refuses these messages or fails on them
     */
    int[] chatPrompt(List<Message> messages);

    /**
     * A conversation with what belongs to it besides messages: tools in the template's way of telling them (in words
     * where it has none), calls and their results, names that it may know.
     *
     * @throws UnsupportedOperationException by a model that knows messages only, where there is more
     */
    default int[] chatPrompt(Conversation conversation) {
        if (conversation.isPlain()) return chatPrompt(conversation.messages());
        throw new UnsupportedOperationException("this model is told messages only: no tools, no names of a template");
    }

    /** Whether the file brought a chat template of its own. */
    boolean hasChatTemplate();

    /** The adapters it was opened with, in their order. */
    default List<LoadedAdapter> adapters() {
        return List.of();
    }

    /** What requests run with that name no adapters. */
    default AdapterMix defaultAdapters() {
        return AdapterMix.NONE;
    }

    /**
     * Changes what requests run with that name no adapters and begin after this. From any thread; all of it at once.
     *
     * @throws IllegalArgumentException if one of them is not of {@link #adapters}
     */
    default void setDefaultAdapters(AdapterMix mix) {
        if (!mix.parts().isEmpty()) throw new IllegalArgumentException("this model was opened without adapters");
    }

    /** The file's name without its folder. */
    String name();

    ModelSpec spec();

    Metadata metadata();

    Tokenizer tokenizer();

    /** How it was opened: what was set aside for what, and what was chosen. */
    Plan plan();

    /** The quality that its way of keeping keys and values has by measurement, where a floor was asked for. */
    default Optional<KvFloor> kvFloor() {
        return Optional.empty();
    }

    /** The most tokens of a sequence, as opened. */
    int contextLength();

    /**
     * Lets go of keys and values that nobody uses now, longest unused first, until so many bytes are free or none is left:
     * to the KV file where there is one, to be read back when they are wanted. Returns the bytes that came free. From any
     * thread but the engine's.
     */
    default long letGo(long bytes) {
        return 0;
    }

    /** How each stream keeps its keys and values in this mode: what {@link ModelOptions#kvRecipe} came to. */
    default List<KvRecipe> kvRecipes(Numerics numerics) {
        throw new UnsupportedOperationException("this model keeps no keys and values: " + name());
    }

    /** The books: off-heap bytes by purpose, mapped weights among them. */
    Memory memory();

    EngineStatus status();

    /** Which kernels run and why, and how keys and values are kept; for people. */
    String describe();

    /** Ends running answers, waits for the engine's thread, and gives all memory back. */
    @Override
    void close();
}
