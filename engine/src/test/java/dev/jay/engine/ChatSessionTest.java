// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ChatSessionTest {
    private final List<QueuedGeneration> started = new ArrayList<>();
    private RuntimeException refusal;

    private final Session session = new ChatSession(new ChatSession.Door() {
        @Override
        public int[] chatPrompt(List<Message> messages) {
            return new int[messages.size()];
        }

        @Override
        public QueuedGeneration start(Request request) {
            if (refusal != null) throw refusal;
            QueuedGeneration answer = new QueuedGeneration(request.prompt());
            answer.is(new Ticket() {
                @Override
                public void cancel() {
                    end(answer, FinishReason.CANCELLED);
                }

                @Override
                public void wake() {}
            });
            started.add(answer);
            return answer;
        }
    });

    private static void end(QueuedGeneration answer, FinishReason reason) {
        Optional<Throwable> cause =
                reason == FinishReason.FAILED ? Optional.of(new IllegalStateException("broken")) : Optional.empty();
        answer.onFinish(new Finish(reason, new Usage(1, 0, 1, 0, 1, 1), cause, 0));
    }

    private void answer(String text, FinishReason reason) {
        started.getLast().onPiece(new Piece(text, List.of()));
        end(started.getLast(), reason);
    }

    @Test
    void anAnswerIsTakenUpOnceItHasEndedHoweverItWasRead() {
        session.system("be brief");
        session.chat("one?");
        assertThatThrownBy(() -> session.chat("two?")).hasMessageContaining("before the last answer has ended");
        answer("1", FinishReason.STOP); // nobody read it
        session.chat("two?");
        answer("2", FinishReason.LENGTH);
        assertThat(session.messages())
                .containsExactly(
                        Message.system("be brief"),
                        Message.user("one?"),
                        Message.assistant("1"),
                        Message.user("two?"),
                        Message.assistant("2"));
        session.undo();
        assertThat(session.messages()).hasSize(3);
        session.clear();
        assertThat(session.messages()).containsExactly(Message.system("be brief"));
        session.system("be long").undo();
        assertThat(session.messages()).containsExactly(Message.system("be long"));
    }

    @Test
    void aTurnThatFailedOrWasCancelledLeavesNothing() {
        session.add(Message.user("a")).add(Message.assistant("b"));
        List<Message> before = session.messages();
        session.chat("one?");
        answer("half", FinishReason.FAILED);
        assertThat(session.messages()).isEqualTo(before);
        session.chat("two?");
        session.cancel();
        assertThat(session.messages()).isEqualTo(before);
        refusal = new QueueFullException(1, 1);
        assertThatThrownBy(() -> session.chat("three?")).isSameAs(refusal);
        assertThat(session.messages()).isEqualTo(before);
        assertThat(session.promptTokens()).isEqualTo(2);
    }

    @Test
    void closingTwiceEndsTheAnswerOnce() {
        session.chat("one?");
        session.close();
        session.close();
        assertThat(started.getLast().finishReason()).isEqualTo(FinishReason.CANCELLED);
        assertThatThrownBy(() -> session.chat("two?")).hasMessageContaining("closed");
    }
}
