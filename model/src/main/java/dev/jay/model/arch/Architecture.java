// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import dev.jay.kv.KvRecipe;
import dev.jay.model.ModelSpec;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Metadata;
import dev.jay.model.load.Weights;
import dev.jay.tensor.kernel.Ops;
import java.util.List;

/** How one family of models is read from a file and put together. A member of {@link Architectures#ALL}. */
public interface Architecture {
    /** The name files use: {@code general.architecture} of GGUF. */
    String name();

    /**
     * Shapes only: touches no weight, so a planner can ask before anything is loaded. Every number has been checked.
     *
     * @throws MalformedModelException naming the key, what it says and what is allowed
     */
    ModelSpec spec(Metadata metadata);

    /**
     * Binds every weight to its code. Weights and ops are borrowed by what is built.
     *
     * @param recipes one for each stream of {@link ModelSpec#kvShape}
     * @throws MalformedModelException naming the tensor that is missing or of the wrong shape
     */
    Transformer build(ModelSpec spec, Weights weights, Ops ops, List<KvRecipe> recipes);
}
