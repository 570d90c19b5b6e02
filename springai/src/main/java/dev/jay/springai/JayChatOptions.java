// SPDX-License-Identifier: Apache-2.0
package dev.jay.springai;

import java.util.Objects;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.model.tool.DefaultToolCallingChatOptions;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;

/**
 * All that a prompt may say to a {@link JayChatModel}: Spring AI's common options, tools, a schema for the answer, and
 * whether tools must be called. Spring AI's own types of options are taken as well; only the last is found here alone.
 */
public final class JayChatOptions extends DefaultToolCallingChatOptions implements StructuredOutputChatOptions {
    /** Whether the tools of a prompt are called. */
    public enum ToolChoice {
        /** The model decides; so too where nothing is said. */
        AUTO,
        /** As if there were none. */
        NONE,
        /** An answer calls at least one: for a prompt that is sent once, as a loop of calls would not end. */
        REQUIRED
    }

    private final String outputSchema;
    private final ToolChoice toolChoice;

    private JayChatOptions(ToolCallingChatOptions common, String outputSchema, ToolChoice toolChoice) {
        super(
                common.getToolCallbacks(),
                common.getToolContext(),
                common.getModel(),
                common.getFrequencyPenalty(),
                common.getMaxTokens(),
                common.getPresencePenalty(),
                common.getStopSequences(),
                common.getTemperature(),
                common.getTopK(),
                common.getTopP());
        this.outputSchema = outputSchema;
        this.toolChoice = toolChoice;
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Null where the answer is free. */
    @Override
    public String getOutputSchema() {
        return outputSchema;
    }

    /** Null where nothing is said. */
    public ToolChoice getToolChoice() {
        return toolChoice;
    }

    @Override
    public Builder mutate() {
        return builder()
                .model(getModel())
                .frequencyPenalty(getFrequencyPenalty())
                .maxTokens(getMaxTokens())
                .presencePenalty(getPresencePenalty())
                .stopSequences(getStopSequences())
                .temperature(getTemperature())
                .topK(getTopK())
                .topP(getTopP())
                .toolCallbacks(getToolCallbacks())
                .toolContext(getToolContext())
                .outputSchema(outputSchema)
                .toolChoice(toolChoice);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof JayChatOptions o
                && super.equals(o)
                && Objects.equals(outputSchema, o.outputSchema)
                && toolChoice == o.toolChoice;
    }

    @Override
    public int hashCode() {
        return Objects.hash(super.hashCode(), outputSchema, toolChoice);
    }

    /** What is not set is not said. */
    public static final class Builder extends DefaultToolCallingChatOptions.Builder<Builder>
            implements StructuredOutputChatOptions.Builder<Builder> {
        private String outputSchema;
        private ToolChoice toolChoice;

        private Builder() {}

        /** A JSON schema that every token of the answer is held to. */
        @Override
        public Builder outputSchema(String value) {
            outputSchema = value;
            return this;
        }

        public Builder toolChoice(ToolChoice value) {
            toolChoice = value;
            return this;
        }

        /** What the other says goes before what is said here; the tools of both are offered. */
        @Override
        public Builder combineWith(ChatOptions.Builder<?> other) {
            super.combineWith(other);
            ChatOptions said = other.build();
            if (said instanceof StructuredOutputChatOptions o && o.getOutputSchema() != null) {
                outputSchema = o.getOutputSchema();
            }
            if (said instanceof JayChatOptions o && o.toolChoice != null) toolChoice = o.toolChoice;
            return this;
        }

        @Override
        public JayChatOptions build() {
            return new JayChatOptions(super.build(), outputSchema, toolChoice);
        }
    }
}
