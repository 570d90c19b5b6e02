// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;

class TokenizerFuzzTest {
    @FuzzTest
    void shouldEncodeAndDecodeWhateverComes(FuzzedDataProvider in) {
        String[] pres = PreTokenizers.ALL.names().toArray(String[]::new);
        long seed = in.consumeInt(0, 9);
        Tokenizer tokenizer = Tokenizers.from(
                in.consumeBoolean()
                        ? SmallTokenizers.scoredPairs(in.consumeBoolean(), seed)
                        : SmallTokenizers.bytePairs(pres[in.consumeInt(0, pres.length - 1)], seed));
        boolean parseSpecial = in.consumeBoolean();
        String text = in.consumeRemainingAsString();
        int[] tokens = tokenizer.encode(text, true, parseSpecial);
        String back = tokenizer.decode(tokens);
        assertThat(back).isEqualTo(new String(back.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8));
        if (!parseSpecial && !tokenizer.addsSpacePrefix()) {
            assertThat(back).isEqualTo(new String(Utf8.of(text), StandardCharsets.UTF_8));
        }
    }
}
