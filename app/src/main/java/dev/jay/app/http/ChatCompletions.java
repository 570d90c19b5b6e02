// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.Conversation;
import dev.jay.engine.Model;
import dev.jay.engine.Request;
import dev.jay.engine.chat.AnswerFormat;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.text.jinja.TemplateException;
import java.util.Map;
import java.util.OptionalInt;

/** {@code POST /v1/chat/completions}: a conversation in, the assistant's message out. */
final class ChatCompletions implements Answers.Endpoint {
    private static final int MOST_REASON = 500;
    private static final int MOST_TOP = Request.MOST_LOGPROBS;
    private static final Map<String, String> UNSUPPORTED = Map.of(
            "functions", "use tools",
            "audio", "audio is not supported");

    private final Model model;
    private final String modelName;
    private final ServerOptions options;
    private final ChatFormat format;

    ChatCompletions(Model model, String modelName, ServerOptions options) {
        this.model = model;
        this.modelName = modelName;
        this.options = options;
        this.format = new ChatFormat(model);
    }

    @Override
    public Answers.Wanted read(Fields fields) {
        AnswerFields answer = new AnswerFields(fields, model, options);
        answer.checkModel(modelName);
        answer.refuse(UNSUPPORTED);
        boolean logprobs = fields.flag("logprobs");
        OptionalInt top = fields.integer("top_logprobs", 0, MOST_TOP);
        if (top.isPresent() && top.getAsInt() > 0 && !logprobs) {
            throw ApiException.invalid("top_logprobs", "top_logprobs needs logprobs to be true");
        }
        ToolFields tools = new ToolFields(fields);
        int[] prompt = prompt(ChatMessages.read(fields, tools.tools()));
        AnswerFormat made = format.of(fields, tools, prompt);
        Request request = answer.request(prompt, OptionalInt.empty(), logprobs ? top.orElse(0) : -1);
        request = format.on(request, made, tools);
        boolean stream = answer.isStream();
        boolean usage = stream && answer.wantsUsage();
        return new Answers.Wanted(
                answer.copies(request),
                stream,
                usage,
                new ChatShape(model, modelName, made, logprobs, usage, answer.copies()));
    }

    private int[] prompt(Conversation conversation) {
        try {
            return model.chatPrompt(conversation);
        } catch (TemplateException e) {
            throw ApiException.invalid("messages", "chat_template", refusal(e.getMessage()));
        } catch (MalformedModelException e) {
            throw ApiException.invalid("messages", "chat_template", e.getMessage());
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid("messages", refusal(e.getMessage()));
        }
    }

    /** The template's words go back to who sent the messages it may quote, and nowhere else. */
    private static String refusal(String why) {
        String shown = why.length() <= MOST_REASON ? why : why.substring(0, MOST_REASON) + "...";
        return "the model's chat template refuses these messages: " + shown;
    }
}
