// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.model.text.Tokenizer;
import dev.jay.train.data.Shuffle;
import java.util.Arrays;

/** Text that a model in training goes on with. Drawn from all tokens as likely as the model has them, by the seed. */
final class Samples {
    private Samples() {}

    /** @param most tokens to add; fewer where the model ends, or where a sequence is full */
    static String continuation(TrainModel model, Tokenizer tokenizer, String prompt, int most, long seed) {
        int[] tokens = tokenizer.encode(prompt, true, true);
        if (tokens.length == 0) tokens = new int[] {Math.max(0, tokenizer.eos())};
        int from = tokens.length;
        while (tokens.length < Math.min(from + most, model.length())) {
            int next = draw(model.logits(tokens), (Shuffle.number(seed, tokens.length) >>> 11) * 0x1p-53);
            if (tokenizer.endOfGeneration().contains(next)) break;
            tokens = Arrays.copyOf(tokens, tokens.length + 1);
            tokens[tokens.length - 1] = next;
        }
        return tokenizer.decode(Arrays.copyOfRange(tokens, Math.min(from, tokens.length), tokens.length));
    }

    private static int draw(float[] logits, double point) {
        double most = Double.NEGATIVE_INFINITY;
        for (float v : logits) most = Math.max(most, v);
        double sum = 0;
        for (float v : logits) sum += Math.exp(v - most);
        double left = point * sum;
        for (int i = 0; i < logits.length; i++) {
            left -= Math.exp(logits[i] - most);
            if (left < 0) return i;
        }
        return logits.length - 1;
    }
}
