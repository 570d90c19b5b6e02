// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

/** The prompt, or the prompt and the tokens asked for, do not fit the context. Nothing is ever cut silently. */
public final class ContextFullException extends RuntimeException {
    private final int promptTokens;
    private final int maxTokens;
    private final int contextLength;

    /** @param maxTokens tokens asked for beyond the prompt; 1 where the caller named none */
    public ContextFullException(int promptTokens, int maxTokens, int contextLength) {
        super("context full: promptTokens=" + promptTokens + ", maxTokens=" + maxTokens + ", needed="
                + ((long) promptTokens + maxTokens) + ", contextLength=" + contextLength
                + "; shorten the prompt, ask for fewer tokens, or open the model with a longer context");
        this.promptTokens = promptTokens;
        this.maxTokens = maxTokens;
        this.contextLength = contextLength;
    }

    public int promptTokens() {
        return promptTokens;
    }

    public int maxTokens() {
        return maxTokens;
    }

    public int contextLength() {
        return contextLength;
    }
}
