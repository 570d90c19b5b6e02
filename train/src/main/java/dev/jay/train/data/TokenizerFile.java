// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.data;

import dev.jay.model.load.GgufWriter;
import dev.jay.model.load.TokenType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A trained tokenizer as a GGUF file without tensors, which {@code jay train} reads and copies into its models. */
public final class TokenizerFile {
    /** What a chat needs beside the end of a text. */
    public static final List<String> SPECIALS = List.of(Documents.END, "<|im_start|>", "<|im_end|>");

    private static final String CHAT = "{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
            + "{{ m['content'] }}<|im_end|>\n{% endfor %}"
            + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

    private TokenizerFile() {}

    /**
     * Control tokens first, then the bytes, then what they merge to. The file appears when it is complete.
     *
     * @param pieces   the name of the pre-tokenizer
     * @param specials control tokens; the first of them ends a text
     */
    public static void write(BytePairTrainer.Result trained, String pieces, List<String> specials, Path out)
            throws IOException {
        List<String> tokens = new ArrayList<>(specials);
        tokens.addAll(trained.symbols());
        int[] types = new int[tokens.size()];
        Arrays.fill(types, TokenType.NORMAL);
        Arrays.fill(types, 0, specials.size(), TokenType.CONTROL);
        GgufWriter writer = new GgufWriter()
                .put("general.architecture", "tokenizer")
                .put("tokenizer.ggml.model", "gpt2")
                .put("tokenizer.ggml.pre", pieces)
                .put("tokenizer.ggml.tokens", tokens)
                .put("tokenizer.ggml.token_type", types)
                .put("tokenizer.ggml.merges", trained.merges())
                .put("tokenizer.ggml.add_bos_token", false);
        if (!specials.isEmpty()) writer.put("tokenizer.ggml.eos_token_id", 0L);
        if (specials.containsAll(SPECIALS)) writer.put("tokenizer.chat_template", CHAT);
        writer.write(out);
    }
}
