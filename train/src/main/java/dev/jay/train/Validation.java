// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.model.text.Tokenizer;
import dev.jay.train.block.Batch;
import dev.jay.train.data.Batches;
import dev.jay.train.data.TokenData;

/**
 * How well a model tells what it never learnt from.
 *
 * @param loss        mean of the tokens, in nats
 * @param bitsPerByte of the text, which is the same text for every tokenizer
 */
record Validation(double loss, double bitsPerByte) {
    static final Validation NONE = new Validation(Double.NaN, Double.NaN);

    static Validation of(TrainModel model, TokenData valid, Tokenizer tokenizer, Recipe recipe) {
        int count = recipe.watch().validBatches();
        Batches batches = valid.spread(count);
        double sum = 0;
        long tokens = 0;
        long bytes = 0;
        for (int i = 0; i < count; i++) {
            Batch batch =
                    batches.batch(i, recipe.steps().sequences(), recipe.steps().length());
            sum += model.loss(batch) * batch.counted();
            tokens += batch.counted();
            for (int t : batch.targets()) bytes += tokenizer.bytes(t).length;
        }
        return new Validation(sum / tokens, sum / Math.log(2) / Math.max(1, bytes));
    }
}
