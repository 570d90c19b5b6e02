// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.text.jinja.Limits;
import dev.jay.model.text.jinja.Template;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How a model wants a conversation written: the Jinja template of its file, rendered as transformers renders it. Bounded
 * in time and memory whatever the template says. Immutable and thread-safe.
 *
 * <p>The text must be tokenized with control tokens recognised. A user's text stands in it as it is, so a message that
 * spells a control token is read as one, as in every chat template.
 */
public final class ChatTemplate {
    /**
     * ChatML: for a model whose file has no template, where the caller knows or decides that it was trained on this. Writes
     * no BOS token (a tokenizer adds it where the model wants one) and does not mention tools.
     */
    public static final ChatTemplate CHATML = compile("""
        {%- for message in messages %}
        {{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}
        {%- endfor %}
        {%- if add_generation_prompt %}
        {{- '<|im_start|>assistant\\n' }}
        {%- endif %}
        """);

    private final Template template;
    private final String source;

    private ChatTemplate(String source) {
        this.source = source;
        this.template = Template.compile(source, Limits.DEFAULT);
    }

    /** @throws dev.jay.model.text.jinja.TemplateException naming the line and what was expected */
    public static ChatTemplate compile(String source) {
        return new ChatTemplate(source);
    }

    public String source() {
        return source;
    }

    /**
     * @param context what the template's names stand for: Map, List, String, Number, Boolean or null; only read
     * @param clock   what {@code strftime_now} reads
     * @throws dev.jay.model.text.jinja.TemplateException where the template refuses the conversation, or is at fault
     */
    public String render(Map<String, Object> context, Clock clock) {
        return template.render(context, clock);
    }

    /**
     * Renders what templates expect by name.
     *
     * @param messages            each with role and content, and what the template knows besides (tool_calls, name)
     * @param addGenerationPrompt end with what makes the model answer
     * @param tools               in the form of OpenAI's function tools, or null: none offered
     * @param bosToken            as text, or null where the model has none
     * @param eosToken            as text, or null where the model has none
     * @param extra               more names ({@code enable_thinking}, {@code documents}); win over the others
     * @param clock               what {@code strftime_now} reads
     */
    public String render(
            List<Map<String, Object>> messages,
            boolean addGenerationPrompt,
            List<Map<String, Object>> tools,
            String bosToken,
            String eosToken,
            Map<String, Object> extra,
            Clock clock) {
        Map<String, Object> context = new HashMap<>();
        context.put("messages", messages);
        context.put("add_generation_prompt", addGenerationPrompt);
        context.put("tools", tools);
        context.put("documents", null);
        context.put("bos_token", bosToken == null ? "" : bosToken);
        context.put("eos_token", eosToken == null ? "" : eosToken);
        context.putAll(extra);
        return template.render(context, clock);
    }
}
