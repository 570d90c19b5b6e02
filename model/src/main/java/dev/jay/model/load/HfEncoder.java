// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.util.Map;
import java.util.regex.Pattern;

/** A family whose texts are run as a whole, for their vectors: what all of these have in common. */
interface HfEncoder extends HfFamily {
    /** Positions counted out, the layer above the first row, and the head of its training. */
    Pattern UNUSED = Pattern.compile("(bert\\.)?(embeddings\\.(position|token_type)_ids|pooler\\..+|cls\\..+)");

    @Override
    default boolean leavesOut(String name) {
        return UNUSED.matcher(name).matches();
    }

    @Override
    default boolean hasHead() {
        return false;
    }

    /**
     * With what config.json says in the same words in all of them.
     *
     * @param keys of the family's own; goes on to be changed
     */
    default Map<String, Object> whole(Map<String, Object> keys, HfConfig config) {
        keys.put("attention.causal", false);
        keys.put("pooling_type", HfPooling.MEAN); // unless the folder says otherwise
        keys.put("vocab_size", config.whole("vocab_size"));
        Map<String, Object> whole = HfDecoder.whole(this, keys);
        whole.put("tokenizer.ggml.token_type_count", config.whole("type_vocab_size", 2));
        return whole;
    }
}
