// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TextDecoderTest {
    private final Tokenizer tokenizer = Tokenizers.from(SmallTokenizers.scoredPairs(false, 1));

    private static int byteToken(int b) {
        return 3 + b;
    }

    @Test
    void shouldHoldACharacterUntilItIsWhole() {
        TextDecoder decoder = new TextDecoder(tokenizer, false);
        assertThat(decoder.next(byteToken(0xF0))).isEmpty();
        assertThat(decoder.next(byteToken(0x9F))).isEmpty();
        assertThat(decoder.next(byteToken(0xA6))).isEmpty();
        assertThat(decoder.next(byteToken(0x99))).isEqualTo("🦙");
        assertThat(decoder.finish()).isEmpty();
    }

    @Test
    void shouldReplaceWhatNeverBecomesWhole() {
        TextDecoder decoder = new TextDecoder(tokenizer, false);
        assertThat(decoder.next(byteToken(0xE4))).isEmpty();
        assertThat(decoder.next(byteToken('a'))).isEqualTo("\ufffda");
        assertThat(decoder.next(byteToken(0xE4))).isEmpty();
        assertThat(decoder.finish()).isEqualTo("\ufffd");
        assertThat(decoder.finish()).isEmpty();
    }

    @Test
    void shouldStripTheEncodersSpaceOnlyAtTheStartOfAWholeText() {
        int space = tokenizer.encode(" ", false, false)[1];
        int[] tokens = {tokenizer.bos(), space, space, byteToken('a'), space};
        assertThat(TokenizerGoldenTest.streamed(tokenizer, tokens, true)).isEqualTo(" a ");
        assertThat(TokenizerGoldenTest.streamed(tokenizer, tokens, false)).isEqualTo("  a ");
        int[] noSpace = {byteToken('a'), space};
        assertThat(TokenizerGoldenTest.streamed(tokenizer, noSpace, true)).isEqualTo("a ");
    }

    @Test
    void shouldRejectWhenTheTokenIsNoneOrTheTextIsFinished() {
        TextDecoder decoder = new TextDecoder(tokenizer, true);
        assertThatThrownBy(() -> decoder.next(tokenizer.size()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("token=" + tokenizer.size());
        assertThatThrownBy(() -> decoder.next(-1)).hasMessageContaining("token=-1");
        decoder.finish();
        assertThatThrownBy(() -> decoder.next(5)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void shouldGiveInPiecesWhatTheWholeGives() {
        Random random = new Random(6);
        for (Map.Entry<String, Tokenizer> kind : SmallTokenizers.all(2).entrySet()) {
            Tokenizer t = kind.getValue();
            for (int i = 0; i < 1_000; i++) {
                TextDecoder decoder = new TextDecoder(t, false);
                ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                StringBuilder pieces = new StringBuilder();
                for (int n = random.nextInt(12); n > 0; n--) {
                    int token = random.nextInt(t.size());
                    bytes.writeBytes(t.bytes(token));
                    String piece = decoder.next(token);
                    assertThat(piece.isEmpty() || !Character.isHighSurrogate(piece.charAt(piece.length() - 1)))
                            .isTrue();
                    pieces.append(piece);
                }
                pieces.append(decoder.finish());
                assertThat(pieces.toString()).as(kind.getKey()).isEqualTo(bytes.toString(StandardCharsets.UTF_8));
            }
        }
    }
}
