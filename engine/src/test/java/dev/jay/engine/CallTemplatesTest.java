// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.engine.chat.CallSyntax;
import dev.jay.engine.chat.CallSyntaxes;
import dev.jay.engine.chat.ReasoningMarks;
import dev.jay.engine.chat.Tool;
import dev.jay.engine.chat.ToolCall;
import dev.jay.model.text.ChatTemplate;
import dev.jay.tensor.Shared;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Calls are written as the family's own template writes them into a conversation. */
class CallTemplatesTest {
    private static final Tool WEATHER = new Tool(
            "weather", "Tells the weather", "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}}}");
    private static final ToolCall CALL = new ToolCall("abcdefghi", "weather", "{\"city\": \"Oslo\"}");

    @ParameterizedTest
    @CsvSource({
        "NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use.jinja, hermes, true, none",
        "Qwen-Qwen2.5-7B-Instruct.jinja, hermes, true, none",
        "Qwen-Qwen3-0.6B.jinja, hermes, true, <think>",
        "HuggingFaceTB-SmolLM3-3B.jinja, plain, false, <think>",
        "meta-llama-Llama-3.1-8B-Instruct.jinja, llama, true, none",
        "meta-llama-Llama-3.2-3B-Instruct.jinja, llama, true, none",
        "meta-llama-Llama-3.3-70B-Instruct.jinja, llama, true, none",
        "mistralai-Mistral-Nemo-Instruct-2407.jinja, mistral, false, none",
        "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B.jinja, deepseek, true, <think>",
        "ibm-granite-granite-3.3-2B-Instruct.jinja, tool-call-list, false, <think>",
        "CohereForAI-c4ai-command-r-plus-tool_use.jinja, command, false, none",
        "microsoft-Phi-3.5-mini-instruct.jinja, plain, false, none",
        "google-gemma-2-2b-it.jinja, plain, false, none"
    })
    void shouldBeWrittenAsTheTemplateWritesThem(String file, String name, boolean verbatim, String thinking)
            throws IOException {
        String source = Files.readString(Shared.data("2-chat-templates/templates/" + file));
        CallSyntax syntax = CallSyntaxes.of(source);
        assertThat(syntax).isEqualTo(CallSyntaxes.ALL.make(name));
        assertThat(ReasoningMarks.of(source).map(ReasoningMarks::open).orElse("none"))
                .isEqualTo(thinking);
        if (!verbatim) return;
        List<Message> messages = List.of(
                Message.user("How is it?"),
                Message.assistant("").withCalls(List.of(CALL)),
                Message.tool("abcdefghi", "sunny"),
                Message.user("And now?"));
        ChatTemplate template = ChatTemplate.compile(source);
        String text;
        try {
            text = render(template, messages, true);
        } catch (RuntimeException e) {
            text = render(template, messages, false);
        }
        assertThat(text).contains(syntax.text().write(List.of(CALL))).contains("sunny");
    }

    private static String render(ChatTemplate template, List<Message> messages, boolean objects) {
        return template.render(
                TemplateNames.messages(messages, objects),
                true,
                TemplateNames.tools(List.of(WEATHER)),
                "<s>",
                "</s>",
                Map.of(),
                Clock.systemUTC());
    }
}
