// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.plan.Wishes;
import dev.jay.model.ModelSpec;
import java.util.OptionalInt;

/** What a plan is to give a model of these shapes, by how it is to be opened. */
final class OpeningWishes {
    private OpeningWishes() {}

    static Wishes of(ModelSpec spec, ModelOptions options) {
        int most = Math.min(spec.contextLength(), ModelOptions.DEFAULT_CONTEXT);
        if (spec.isEncoder()) return textWishes(spec, options, most);
        return new Wishes(options.contextLength(), most, options.parallel(), options.stepTokens());
    }

    /** An encoder takes a text in one step, and has places for no more than it was made for. */
    private static Wishes textWishes(ModelSpec spec, ModelOptions options, int most) {
        OptionalInt asked = options.contextLength();
        if (asked.isPresent()) asked = OptionalInt.of(Math.min(asked.getAsInt(), spec.contextLength()));
        return new Wishes(asked, most, options.parallel(), options.stepTokens(), true);
    }
}
