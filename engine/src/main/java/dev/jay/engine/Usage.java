// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

/**
 * What one answer took.
 *
 * @param promptTokens     tokens of the prompt
 * @param reusedTokens     of these, how many were in the cache already
 * @param completionTokens tokens chosen, the one that ended the answer among them
 * @param queuedNanos      from being submitted to the first step
 * @param promptNanos      from the first step to the first token
 * @param decodeNanos      from the first token to the last
 */
public record Usage(
        int promptTokens,
        int reusedTokens,
        int completionTokens,
        long queuedNanos,
        long promptNanos,
        long decodeNanos) {
    /** Tokens of the prompt run through the model, for each second of it; 0 if none were. */
    public double promptTokensPerSecond() {
        return rate(promptTokens - reusedTokens, promptNanos);
    }

    /** Tokens after the first, for each second from the first to the last; 0 if there were none. */
    public double decodeTokensPerSecond() {
        return rate(completionTokens - 1, decodeNanos);
    }

    /** From being submitted to the first token. */
    public long timeToFirstTokenNanos() {
        return queuedNanos + promptNanos;
    }

    private static double rate(int tokens, long nanos) {
        return tokens <= 0 || nanos <= 0 ? 0 : tokens * 1e9 / nanos;
    }
}
