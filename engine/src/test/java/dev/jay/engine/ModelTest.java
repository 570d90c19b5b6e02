// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.engine.sample.Sampling;
import dev.jay.tensor.Shared;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.OutOfBudgetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Opening, sharing between threads, falling behind and closing, with a real model. */
@Timeout(60)
class ModelTest {
    private static final String STORIES = "0-stories260K/stories260K.gguf";
    private static final ModelOptions OPTIONS = ModelOptions.defaults()
            .withThreads(1)
            .withCpu(Cpu.SCALAR)
            .withContextLength(256)
            .withSeeds(() -> 9);

    private static Model open(ModelOptions options) throws IOException {
        return Model.open(Shared.data(STORIES), options);
    }

    private static Request story(Model model) {
        return Request.of(model.tokenize("Once upon a time"))
                .withSampling(Sampling.GREEDY)
                .withIgnoreEos(true);
    }

    @Test
    void aStreamingChatTakesTenLines() throws IOException {
        StringBuilder out = new StringBuilder();
        try (Model model = open(OPTIONS);
                Session session = model.session().maxTokens(10)) {
            session.system("You are terse.");
            session.chat("Why is the sky blue?").forEach(piece -> out.append(piece.text()));
            assertThat(session.messages()).hasSize(3).last().isEqualTo(Message.assistant(out.toString()));
            assertThat(model.memory().byPurpose()).containsKeys("weights", "kv-pages", "scratch");
            assertThat(model.describe()).contains("scalar", "kv for FAST: keys=f16 values=f16", "context: 256");
            assertThat(model.detokenize(model.tokenize("Hello"))).isEqualTo("Hello");
            assertThat(model.generate("").usage().promptTokens()).isEqualTo(1);
        }
    }

    @Test
    void readersOnManyThreadsGetWhatTheyWouldAlone() throws Exception {
        try (Model model = open(OPTIONS.withParallel(3))) {
            String alone = model.generate(story(model).withMaxTokens(30)).text();
            List<Thread> threads = new ArrayList<>();
            List<String> texts = Collections.synchronizedList(new ArrayList<>());
            for (int i = 0; i < 6; i++) {
                threads.add(Thread.ofVirtual()
                        .start(() -> texts.add(
                                model.generate(story(model).withMaxTokens(30)).text())));
            }
            for (Thread t : threads) t.join();
            assertThat(texts).hasSize(6).containsOnly(alone);
        }
    }

    @Test
    void aReaderThatFallsBehindLosesNothing() throws Exception {
        try (Model model = open(OPTIONS.withParallel(2))) {
            Request request = story(model).withMaxTokens(150);
            String alone = model.generate(request).text();
            try (Generation slow = model.generate(request)) {
                Iterator<Piece> pieces = slow.iterator();
                StringBuilder text = new StringBuilder(pieces.next().text());
                while (model.status().paused() == 0) Thread.sleep(1);
                assertThat(model.generate(story(model).withMaxTokens(5)).text())
                        .isNotEmpty(); // nobody else waits for it
                pieces.forEachRemaining(p -> text.append(p.text()));
                assertThat(text).hasToString(alone);
            }
        }
    }

    @Test
    void closingTheModelEndsItsAnswersAndSaysSo() throws IOException {
        Model model = open(OPTIONS);
        Session session = model.session().sampling(Sampling.GREEDY);
        Generation answer = model.generate(story(model).withMaxTokens(150)); // more than a queue holds: it cannot end
        Iterator<Piece> pieces = answer.iterator();
        pieces.next();
        model.close();
        model.close();
        assertThatThrownBy(() -> pieces.forEachRemaining(p -> {}))
                .isInstanceOf(GenerationException.class)
                .hasMessageContaining("the model was closed while the answer was running");
        assertThat(answer.textSoFar()).isNotEmpty();
        answer.close();
        assertThatThrownBy(() -> session.chat("Hello")).hasMessageContaining("the model is closed");
        assertThatThrownBy(() -> model.generate("Hello")).hasMessageContaining("the model is closed");
        session.close();
    }

    @Test
    void cancellingFromAnotherThreadEndsAnAnswerQuietly() throws Exception {
        try (Model model = open(OPTIONS)) {
            Generation answer = model.generate(story(model));
            Iterator<Piece> pieces = answer.iterator();
            pieces.next();
            Thread.ofVirtual().start(answer::cancel).join();
            pieces.forEachRemaining(p -> {});
            assertThat(answer.finishReason()).isEqualTo(FinishReason.CANCELLED);
            answer.close();
            while (model.status().running() != 0) Thread.sleep(1); // the status is that of the last whole step
        }
    }

    @Test
    void aSinkIsPushedTo() throws Exception {
        try (Model model = open(OPTIONS)) {
            CountDownLatch done = new CountDownLatch(1);
            StringBuilder text = new StringBuilder();
            AtomicReference<Throwable> closing = new AtomicReference<>();
            model.submit(story(model).withMaxTokens(10), new TokenSink() {
                @Override
                public void onPiece(Piece piece) {
                    text.append(piece.text());
                }

                @Override
                public void onFinish(Finish finish) {
                    try {
                        model.close();
                    } catch (RuntimeException e) {
                        closing.set(e);
                    }
                    done.countDown();
                }
            });
            assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
            assertThat(text).isNotEmpty();
            assertThat(closing.get()).hasMessageContaining("cannot be closed from its own engine thread");
        }
    }

    @Test
    void booksOfTheCallersAreUsedAndLeftEmpty() throws IOException {
        try (Memory memory = Memory.withBudget(64 << 20)) {
            try (Model model = open(OPTIONS.withMemory(memory))) {
                assertThat(model.memory()).isSameAs(memory);
            }
            assertThat(memory.byPurpose()).isEmpty();
            assertThatThrownBy(() -> open(OPTIONS.withMemory(memory).withContextLength(1 << 20)))
                    .isInstanceOf(OutOfBudgetException.class)
                    .hasMessageContaining("kv-pages");
            assertThat(memory.byPurpose()).isEmpty();
        }
    }

    @Test
    void shouldRejectWhenTheBudgetIsTooSmall() {
        Shared.data(STORIES); // skips here, not within the assertion
        assertThatThrownBy(() -> open(OPTIONS.withBudgetBytes(1000))).isInstanceOf(OutOfBudgetException.class);
    }

    @Test
    void shouldRejectWhenAnOptionIsUnknown() {
        Shared.data(STORIES); // skips here, not within the assertion
        assertThatThrownBy(() -> open(OPTIONS.withKernels("abacus"))).hasMessageContaining("known=");
        assertThatThrownBy(() -> open(OPTIONS.withScheduler("lottery"))).hasMessageContaining("known=[first-come");
        assertThatThrownBy(() -> open(OPTIONS.withKvRecipe("keys=f12"))).hasMessageContaining("f12");
    }

    @Test
    void shouldRejectWhenTheFileIsNoModel(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("model.gguf"), "not a model at all, by far");
        assertThatThrownBy(() -> Model.open(file)).hasMessageContaining("model.gguf");
    }

    @Test
    void anIdleConversationGivesWay() throws IOException {
        try (Model model = open(OPTIONS);
                Session first = model.session().maxTokens(8).sampling(Sampling.GREEDY);
                Session second = model.session().maxTokens(8).sampling(Sampling.GREEDY)) {
            for (int turn = 0; turn < 2; turn++) { // the pages hold one conversation of full length
                first.chat("Tell me of the big dog").text();
                second.chat("Tell me of the red ball").text();
                model.generate(story(model)).text(); // takes all there is
            }
            assertThat(first.messages()).hasSize(4);
            assertThat(model.status().failed()).isZero();
        }
    }
}
