// SPDX-License-Identifier: Apache-2.0
package dev.jay.springai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.engine.Finish;
import dev.jay.engine.FinishReason;
import dev.jay.engine.Usage;
import dev.jay.engine.chat.AnswerFormat;
import dev.jay.engine.chat.ReasoningMarks;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.model.ChatResponse;

class AnswerTest {
    private static final Finish STOPPED =
            new Finish(FinishReason.STOP, new Usage(3, 0, 4, 0, 0, 0), Optional.empty(), 1);

    private static Answer thinking() {
        return new Answer("model", new AnswerFormat(new ReasoningMarks("<think>", "</think>"), false, null));
    }

    @Test
    void shouldTellThinkingApartFromText() {
        Answer answer = thinking();
        answer.next("<think>\nIt is late.\n</think>\nGood night.");
        answer.finish();
        AssistantMessage said = answer.whole(STOPPED).getResult().getOutput();
        assertThat(said.getText().strip()).isEqualTo("Good night.");
        assertThat(said.getMetadata()).containsEntry("thinking", "It is late.");
        assertThat(answer.whole(STOPPED).getResult().getMetadata().getFinishReason())
                .isEqualTo("stop");
    }

    @Test
    void shouldTellPartsOfThinkingAndAllOfItLast() {
        Answer answer = thinking();
        List<ChatResponse> parts = new ArrayList<>();
        for (String more : List.of("<thi", "nk>It is", " late.</th", "ink>Good", " night.")) {
            parts.add(answer.part(answer.next(more)));
        }
        parts.add(answer.part(answer.finish()));
        assertThat(parts.stream().map(p -> p.getResult().getOutput().getText()).collect(Collectors.joining()))
                .isEqualTo("Good night.");
        assertThat(parts.stream()
                        .map(p -> p.getResult().getMetadata().getOrDefault("thinking", ""))
                        .map(String::valueOf)
                        .collect(Collectors.joining()))
                .isEqualTo("It is late.");
        AssistantMessage last = answer.last(STOPPED).getResult().getOutput();
        assertThat(last.getText()).isEmpty();
        assertThat(last.getMetadata()).containsEntry("thinking", "It is late.");
    }
}
