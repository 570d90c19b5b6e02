// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.Catalog;
import java.util.Set;

/** Gemma 1, whose configs say gelu and mean the formula with tanh; and what the later ones have of it. */
class HfGemma implements HfFamily {
    static final Catalog.Entry<HfFamily> ENTRY = new Catalog.Entry<>("gemma", "Gemma 1", args -> new HfGemma());

    @Override
    public String architecture() {
        return "gemma";
    }

    @Override
    public boolean sharesHead() {
        return true;
    }

    /** Files here keep gains less one. */
    @Override
    public float addedTo(String name) {
        return name.endsWith("norm.weight") ? 1 : 0;
    }

    @Override
    public Set<String> activations() {
        return Set.of("gelu", "gelu_pytorch_tanh");
    }
}
