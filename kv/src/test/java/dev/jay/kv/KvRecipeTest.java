// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class KvRecipeTest {
    @Test
    void shouldReadEachAxisAndFillInTheOther() {
        KvRecipe recipe = KvRecipe.parse("  values=q8_0 ");
        assertThat(recipe.keys().name()).isEqualTo("f32");
        assertThat(recipe.values().name()).isEqualTo("q8_0");
        assertThat(recipe).hasToString("keys=f32 values=q8_0").isEqualTo(KvRecipe.parse("values=q8_0 keys=f32"));
        assertThat(recipe).hasSameHashCodeAs(KvRecipe.parse(recipe.toString())).isNotEqualTo(KvRecipe.LOSSLESS);
    }

    /** What is held against queries must be turned as they are. */
    @Test
    void shouldRejectAFilterThatLooksAtKeysThatAreNotTurned() {
        for (String keys : List.of("unturned", "low-rank")) {
            assertThatThrownBy(() -> KvRecipe.parse("keys=" + keys + " filter=early-layer"))
                    .hasMessageContaining("filter= holds queries against keys as they are kept, and keys=" + keys);
            KvRecipe.parse("keys=" + keys + " filter=random"); // looks at none
        }
        KvRecipe.parse("keys=per-channel filter=early-layer");
    }

    @Test
    void shouldRejectWhenAnAxisOrCodecIsUnknown() {
        assertThatThrownBy(() -> KvRecipe.parse("keys=f16 rows=f16"))
                .hasMessageContaining(
                        "axis=rows, known axes=[keys, values, evict, merge, spread, select, prefill, filter]");
        assertThatThrownBy(() -> KvRecipe.parse("keys=f17"))
                .hasMessageContaining("name=f17, known=[f32, f16, bf16, q8_0");
        assertThatThrownBy(() -> KvRecipe.parse("f16")).hasMessageContaining("wanted axis=choice");
        assertThatThrownBy(() -> KvRecipe.parse("keys=f16 keys=f32")).hasMessageContaining("each axis once");
    }
}
