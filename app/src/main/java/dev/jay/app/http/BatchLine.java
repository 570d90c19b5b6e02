// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.Request;

/**
 * A line of a file of requests, as OpenAI's batches have them, and how much it asks for.
 *
 * @param customId what the file calls it
 * @param prompt   the tokens of its first prompt; none where the request will be refused
 * @param answer   the most tokens that are wanted
 */
public record BatchLine(String customId, int[] prompt, int answer) {
    private static final String METHOD = "POST";

    /** A line that is no request: nothing can be answered under its name. */
    public static final class BrokenException extends Exception {
        private static final long serialVersionUID = 1;

        BrokenException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** The name of a line, which must be a whole request; its body is not looked at. */
    public static String customId(byte[] line) throws BrokenException {
        try {
            return customId(Json.parse(line));
        } catch (ApiException e) {
            throw new BrokenException(e.getMessage(), e);
        }
    }

    static String customId(Fields fields) {
        String method = fields.text("method").orElse(METHOD);
        if (!method.equals(METHOD)) throw fields.unsupported("method", "only " + METHOD + " is");
        if (fields.text("url").isEmpty()) throw fields.missing("url");
        if (fields.object("body").isEmpty()) throw fields.missing("body");
        return fields.text("custom_id").orElseThrow(() -> fields.missing("custom_id"));
    }

    static BatchLine of(String customId, Answers.Wanted wanted, int context) {
        Request first = wanted.requests().getFirst();
        int[] prompt = first.prompt();
        long all = 0;
        for (Request each : wanted.requests())
            all += each.maxTokens().orElse(Math.max(1, context - each.prompt().length));
        return new BatchLine(customId, prompt, (int) Math.min(Integer.MAX_VALUE, all));
    }
}
