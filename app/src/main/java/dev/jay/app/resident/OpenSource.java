// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.resident;

import dev.jay.engine.Model;
import java.time.Instant;
import java.util.OptionalLong;

/** A model that its caller has opened, and closes. */
record OpenSource(String name, Model model, Instant modified) implements ModelSource {
    @Override
    public OptionalLong neededBytes(long free, long all) {
        return OptionalLong.of(0);
    }

    @Override
    public Model open(long budgetBytes) {
        return model;
    }

    @Override
    public void close(Model opened) {}

    @Override
    public ModelFacts facts() {
        return ModelFacts.of(model);
    }
}
