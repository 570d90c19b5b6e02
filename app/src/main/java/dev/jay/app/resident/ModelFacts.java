// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.resident;

import dev.jay.engine.Model;
import dev.jay.model.ModelSpec;
import dev.jay.model.load.Metadata;
import dev.jay.model.load.WeightSource;

/**
 * What a model's file says of it.
 *
 * @param bytes of its weights
 */
public record ModelFacts(ModelSpec spec, Metadata metadata, long bytes) {
    static ModelFacts of(Model model) {
        long weights = model.memory().byPurpose().entrySet().stream()
                .filter(e -> e.getKey().contains("weights"))
                .mapToLong(e -> e.getValue())
                .sum();
        return new ModelFacts(model.spec(), model.metadata(), weights);
    }

    static long bytes(WeightSource source) {
        return source.files().stream().mapToLong(f -> f.bytes().byteSize()).sum();
    }
}
