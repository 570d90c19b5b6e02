// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class QueuedGenerationTest {
    private static final Usage USAGE = new Usage(1, 0, 2, 0, 1, 1);

    private final AtomicInteger cancels = new AtomicInteger();
    private final AtomicInteger wakes = new AtomicInteger();
    private final QueuedGeneration answer = new QueuedGeneration(new int[] {1});

    QueuedGenerationTest() {
        answer.is(new Ticket() {
            @Override
            public void cancel() {
                cancels.incrementAndGet();
                answer.onFinish(new Finish(FinishReason.CANCELLED, USAGE, Optional.empty(), 0));
            }

            @Override
            public void wake() {
                wakes.incrementAndGet();
            }
        });
    }

    private static Piece piece(String text) {
        return new Piece(text, List.of(new Choice(3, Double.NaN, List.of())));
    }

    private void finish(FinishReason reason, Throwable cause) {
        answer.onFinish(new Finish(reason, USAGE, Optional.ofNullable(cause), 7));
    }

    @Test
    void givesPiecesAndThenTheWhole() {
        answer.onPiece(piece("a"));
        answer.onPiece(piece("b"));
        Iterator<Piece> pieces = answer.iterator();
        assertThat(pieces.next().text()).isEqualTo("a");
        assertThat(answer.textSoFar()).isEqualTo("a");
        finish(FinishReason.STOP, null);
        assertThat(answer.text()).isEqualTo("ab");
        assertThat(answer.tokens()).hasSize(2);
        assertThat(pieces.hasNext()).isFalse();
        assertThatThrownBy(pieces::next).isInstanceOf(NoSuchElementException.class);
        assertThat(answer.finish().seed()).isEqualTo(7);
        answer.close();
    }

    @Test
    void isNotReadyWhenFullAndWakesItsSequenceWhenRead() {
        for (int i = 0; i < QueuedGeneration.CAPACITY; i++) {
            assertThat(answer.isReady()).isTrue();
            answer.onPiece(piece("x"));
        }
        assertThat(answer.isReady()).isFalse();
        Iterator<Piece> pieces = answer.iterator();
        pieces.next();
        assertThat(answer.isReady()).isTrue();
        assertThat(wakes).hasValue(1);
        pieces.next();
        assertThat(wakes).hasValue(1);
    }

    @Test
    void waitsForAnotherThread() throws InterruptedException {
        Thread engine = Thread.ofVirtual().start(() -> {
            for (int i = 0; i < 1000; i++) {
                while (!answer.isReady()) Thread.onSpinWait();
                answer.onPiece(piece("y"));
            }
            finish(FinishReason.LENGTH, null);
        });
        int count = 0;
        for (Piece p : answer) count += p.text().length();
        assertThat(count).isEqualTo(1000);
        engine.join();
    }

    @Test
    void whatWasCutShortByOthersThrowsAndWhatCameIsNotLost() {
        answer.onPiece(piece("a"));
        finish(FinishReason.CANCELLED, new TimeoutException("time limit"));
        Iterator<Piece> pieces = answer.iterator();
        assertThat(pieces.next().text()).isEqualTo("a");
        assertThatThrownBy(pieces::hasNext)
                .isInstanceOf(GenerationException.class)
                .hasMessageContaining("reason=CANCELLED, completionTokens=2")
                .hasCauseInstanceOf(TimeoutException.class);
        assertThatThrownBy(answer::text).isInstanceOf(GenerationException.class);
        assertThat(answer.textSoFar()).isEqualTo("a");
        assertThat(answer.finishReason()).isEqualTo(FinishReason.CANCELLED);
    }

    @Test
    void whatTheCallerCancelledEndsQuietly() {
        answer.onPiece(piece("a"));
        answer.cancel();
        assertThat(answer.text()).isEqualTo("a");
    }

    @Test
    void closingCancelsAndWaits() {
        answer.close();
        assertThat(cancels).hasValue(1);
        assertThat(answer.hasEnded()).isTrue();
    }

    @Test
    void anInterruptedReaderCancels() {
        Thread.currentThread().interrupt();
        assertThatThrownBy(answer::text).hasMessageContaining("interrupted");
        assertThat(Thread.interrupted()).isTrue();
        assertThat(cancels).hasValue(1);
    }
}
