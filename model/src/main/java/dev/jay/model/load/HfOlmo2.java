// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.Catalog;
import java.util.Map;

/** OLMo 2: norms where a part ends. */
final class HfOlmo2 implements HfFamily {
    static final Catalog.Entry<HfFamily> ENTRY = new Catalog.Entry<>("olmo2", "OLMo 2", args -> new HfOlmo2());

    @Override
    public String architecture() {
        return "olmo2";
    }

    @Override
    public Map<String, String> names() {
        return HfNames.decoderAnd(Map.of(
                "post_attention_layernorm", "blk.post_attention_norm",
                "post_feedforward_layernorm", "blk.post_ffw_norm"));
    }
}
