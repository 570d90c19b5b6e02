// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.tensor.kernel.Numerics;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * How surprised a model is by a text: exp of the mean negative log-probability of its tokens. Each chunk runs as an
 * ordinary request (its prompt scored, nothing chosen), so other requests may run beside it.
 */
public final class Perplexity {
    /** Which tokens are scored, and with what before them. */
    public enum Method {
        /**
         * As llama-perplexity: the text in chunks of the chunk length, the first token of each replaced by BOS if the
         * model begins with one; the second half of each is scored. What does not fill a chunk is left out.
         */
        SECOND_HALF,
        /** Every token but the first, each with at least half a chunk before it where the text has that much. */
        EVERY_TOKEN,
        /**
         * The text in chunks of the chunk length, of each the last eighth. What stands before it is a prompt: where that
         * ends, recipes that forget do so, and from there on those that read only some read only some.
         */
        AFTER_PROMPT
    }

    private static final int AFTER = 8; // of a chunk, the part behind the prompt

    /**
     * How far it has come.
     *
     * @param scored tokens scored so far
     * @param sum    of their negative log-probabilities, natural
     * @param error  standard error of the mean, relative: the perplexity is within error * perplexity, one sigma
     */
    public record Progress(int chunk, int chunks, long scored, double sum, double error) {
        public double perplexity() {
            return Math.exp(sum / scored);
        }
    }

    private final Model model;
    private final int chunkLength;
    private final Method method;
    private final Numerics numerics;

    private double sum;
    private double squares;
    private long scored;
    private Progress progress;

    private Perplexity(Model model, int chunkLength, Method method, Numerics numerics) {
        this.model = model;
        this.chunkLength = chunkLength;
        this.method = method;
        this.numerics = numerics;
    }

    /**
     * Measures a text. Blocks until it is done; interrupting the thread ends it.
     *
     * @param chunkLength tokens of a chunk; at most the model's context length
     * @param watcher     called after each chunk, on the caller's thread
     * @throws IllegalArgumentException if the text is too short, or the chunk does not fit the context
     * @throws GenerationException      if a chunk failed
     */
    public static Progress measure(
            Model model, String text, int chunkLength, Method method, Numerics numerics, Consumer<Progress> watcher) {
        if (chunkLength < 4 || chunkLength > model.contextLength()) {
            throw new IllegalArgumentException("perplexity: chunkLength=" + chunkLength
                    + ", allowed: 4 to the context length " + model.contextLength());
        }
        return new Perplexity(model, chunkLength, method, numerics).run(model.tokenize(text), watcher);
    }

    private Progress run(int[] tokens, Consumer<Progress> watcher) {
        int least = method == Method.EVERY_TOKEN ? 2 : chunkLength;
        if (tokens.length < least) {
            throw new IllegalArgumentException(
                    "perplexity: the text is too short: tokens=" + tokens.length + ", wanted at least " + least);
        }
        switch (method) {
            case SECOND_HALF -> secondHalves(tokens, watcher);
            case EVERY_TOKEN -> everyToken(tokens, watcher);
            case AFTER_PROMPT -> afterPrompts(tokens, watcher);
        }
        return progress;
    }

    private void secondHalves(int[] tokens, Consumer<Progress> watcher) {
        int chunks = tokens.length / chunkLength;
        int[] begin = model.tokenizer().encode("", true, false);
        boolean beginsWithBos =
                begin.length > 0 && begin[0] == model.tokenizer().bos();
        for (int c = 0; c < chunks; c++) {
            int[] chunk = Arrays.copyOfRange(tokens, c * chunkLength, (c + 1) * chunkLength);
            if (beginsWithBos) chunk[0] = begin[0];
            score(chunk, chunkLength / 2 + 1);
            report(c + 1, chunks, watcher);
        }
    }

    private void everyToken(int[] tokens, Consumer<Progress> watcher) {
        int stride = Math.max(1, chunkLength / 2);
        int chunks = 1 + Math.ceilDiv(Math.max(0, tokens.length - chunkLength), stride);
        for (int c = 0; c < chunks; c++) {
            int from = c * stride;
            int to = Math.min(tokens.length, from + chunkLength);
            score(Arrays.copyOfRange(tokens, from, to), c == 0 ? 1 : chunkLength - stride);
            report(c + 1, chunks, watcher);
        }
    }

    private void afterPrompts(int[] tokens, Consumer<Progress> watcher) {
        int chunks = tokens.length / chunkLength;
        int from = chunkLength - Math.max(1, chunkLength / AFTER);
        for (int c = 0; c < chunks; c++) {
            int[] chunk = Arrays.copyOfRange(tokens, c * chunkLength, (c + 1) * chunkLength);
            score(request(chunk, from).withPromptEnds(from));
            report(c + 1, chunks, watcher);
        }
    }

    private void score(int[] chunk, int from) {
        score(request(chunk, from));
    }

    private Request request(int[] chunk, int from) {
        return Request.of(chunk).withMaxTokens(0).withPromptScores(from).withNumerics(numerics);
    }

    private void score(Request request) {
        Scores scores = new Scores(request.prompt());
        scores.is(model.submit(request, scores));
        scores.text(); // waits
        for (int i = 0; i < scores.count; i++) {
            double surprise = -scores.logprobs[i];
            sum += surprise;
            squares += surprise * surprise;
        }
        scored += scores.count;
    }

    private void report(int chunk, int chunks, Consumer<Progress> watcher) {
        double mean = sum / scored;
        double variance = squares / scored - mean * mean;
        double error = scored > 1 && variance > 0 ? Math.sqrt(variance / (scored - 1)) : 0;
        progress = new Progress(chunk, chunks, scored, sum, error);
        watcher.accept(progress);
    }

    /** A generation that chooses nothing and keeps the prompt's scores. */
    private static final class Scores extends QueuedGeneration {
        private final double[] logprobs;
        private int count;

        Scores(int[] prompt) {
            super(prompt);
            this.logprobs = new double[prompt.length];
        }

        @Override
        public void onPromptScore(int place, double logprob) {
            logprobs[count++] = logprob;
        }
    }
}
