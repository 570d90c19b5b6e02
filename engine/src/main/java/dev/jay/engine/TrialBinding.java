// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.plan.JudgedRecipe;
import dev.jay.engine.plan.Plan;
import dev.jay.engine.plan.Wishes;
import dev.jay.kv.KvRecipe;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * A model bound to one recipe after the other, to see what it would take: the very plan that it would be opened by. One is
 * bound at a time. Confined to one thread.
 */
final class TrialBinding implements AutoCloseable {
    private final Path file;
    private final ModelOptions options;
    private final BiConsumer<KvRecipe, String> misfits;
    private Owned owned;
    private BoundModel bound; // null: this recipe cannot be bound
    private KvRecipe recipe;

    /** @param misfits told of recipes that the model cannot run with, and why */
    TrialBinding(Path file, ModelOptions options, BiConsumer<KvRecipe, String> misfits) {
        this.file = file;
        this.options = options;
        this.misfits = misfits;
    }

    /** Nothing where the model cannot be run with this recipe. */
    Optional<Plan> plan(KvRecipe wanted, Wishes wishes) {
        if (!wanted.equals(recipe)) bind(wanted);
        return bound == null ? Optional.empty() : Optional.of(bound.plan(wishes));
    }

    private void bind(KvRecipe wanted) {
        close();
        recipe = wanted;
        owned = new Owned();
        try {
            bound = new BoundModel(file, options.withKvRecipe(wanted.toString()), owned);
        } catch (IllegalArgumentException e) {
            owned.closeAfter(e);
            if (wanted.equals(JudgedRecipe.FULL.recipe())) throw e; // no fault of the recipe
            misfits.accept(wanted, e.getMessage());
        } catch (IOException e) {
            owned.closeAfter(e);
            throw new UncheckedIOException(e);
        } catch (RuntimeException | Error e) {
            owned.closeAfter(e);
            throw e;
        }
    }

    @Override
    public void close() {
        recipe = null;
        bound = null;
        if (owned != null) owned.close();
        owned = null;
    }
}
