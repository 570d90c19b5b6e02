// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tokenizer and the chat template that lie beside a model's weights, as the keys {@link Metadata} has for them:
 * {@code tokenizer.json}, else {@code tokenizer.model} (SentencePiece's, or tiktoken's ranks), and what {@code tokenizer_config.json},
 * {@code chat_template.jinja} and {@code generation_config.json} add.
 */
public final class TokenizerFiles {
    /** The tokenizer.json without vocabulary and merges, as JSON: how text is cut, and what stands around it. */
    public static final String PIPELINE = "tokenizer.pipeline";

    /** What {@code tokenizer.ggml.model} says for a tokenizer that only its pipeline describes. */
    public static final String BY_PIPELINE = "pipeline";

    private static final String JSON = "tokenizer.json";
    private static final String PIECES = "tokenizer.model";
    private static final List<String> LOOKED_FOR = List.of(JSON, PIECES);

    private TokenizerFiles() {}

    /** Whether the directory has a tokenizer. */
    public static boolean areIn(Path directory) {
        return LOOKED_FOR.stream().anyMatch(name -> Files.isRegularFile(directory.resolve(name)));
    }

    /**
     * @throws MalformedModelException where there is no tokenizer, listing what was looked for, or it breaks the rules of
     *                                 its kind
     */
    public static Map<String, Object> read(Path directory) throws IOException {
        Map<String, Object> values = new LinkedHashMap<>();
        if (Files.isRegularFile(directory.resolve(JSON))) {
            values.putAll(TokenizerJson.read(directory.resolve(JSON)));
        } else if (Files.isRegularFile(directory.resolve(PIECES))) {
            Path file = directory.resolve(PIECES);
            values.putAll(TiktokenRanks.isOne(file) ? TiktokenRanks.read(file) : SentencePieceModel.read(file));
        } else {
            throw new MalformedModelException(directory, 0, "its tokenizer is not there: looked for=" + LOOKED_FOR);
        }
        TokenizerConfig.add(directory, values);
        return values;
    }
}
