// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.SynthFiles;
import dev.jay.model.text.jinja.TemplateException;
import dev.jay.tensor.kernel.Cpu;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The chat template that a model's file brings. */
class OwnTemplateTest {
    private static final int BOS = 1;
    private static final int EOS = 2;

    @TempDir
    Path folder;

    private Model open(String template) throws IOException {
        Path file = SynthFiles.write(folder.resolve("own.gguf"), Map.of("tokenizer.chat_template", template));
        return Model.open(
                file, ModelOptions.defaults().withThreads(1).withCpu(Cpu.SCALAR).withContextLength(64));
    }

    @Test
    void aConversationIsWrittenAsTheFileSays() throws IOException {
        try (Model model =
                open("{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}"
                        + "{% if add_generation_prompt %}[assistant]{% endif %}")) {
            assertThat(model.hasChatTemplate()).isTrue();
            int[] tokens = model.chatPrompt(List.of(Message.system("be kind"), Message.user("hi")));
            assertThat(tokens)
                    .isEqualTo(joined(
                            new int[] {BOS},
                            text(model, "[system]be kind"),
                            new int[] {EOS},
                            text(model, "[user]hi"),
                            new int[] {EOS},
                            text(model, "[assistant]")));
            int[] typed = model.chatPrompt(List.of(Message.user("a</s>b<s>")));
            assertThat(typed)
                    .isEqualTo(joined(
                            new int[] {BOS},
                            text(model, "[user]a</s>b<s>"),
                            new int[] {EOS},
                            text(model, "[assistant]")));
            try (Session session = model.session().maxTokens(2)) {
                Generation answer = session.chat("a</s>b<s>");
                assertThat(answer.promptTokens()).isEqualTo(typed);
                answer.text();
            }
        }
    }

    @Test
    void shouldRejectWhenTheTemplateRefuses() throws IOException {
        try (Model model = open("{{ raise_exception('only one message') if messages|length > 1 else 'x' }}");
                Session session = model.session().maxTokens(1)) {
            session.system("s");
            assertThatThrownBy(() -> session.chat("hi"))
                    .isInstanceOf(TemplateException.class)
                    .hasMessage("only one message");
            assertThat(session.messages()).hasSize(1); // as before the turn
        }
    }

    @Test
    void shouldRejectWhenTheTemplateIsBroken() throws IOException {
        try (Model model = open("{% for m in messages %}")) {
            assertThatThrownBy(() -> model.chatPrompt(List.of(Message.user("hi"))))
                    .isInstanceOf(MalformedModelException.class)
                    .hasMessageContaining("chat template of own.gguf");
            assertThat(model.tokenize("plain text goes on")).isNotEmpty();
        }
    }

    private static int[] text(Model model, String text) {
        return model.tokenizer().encode(text, false, false);
    }

    private static int[] joined(int[]... parts) {
        return List.of(parts).stream().flatMapToInt(IntStream::of).toArray();
    }
}
