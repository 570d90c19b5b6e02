// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.model.load.Metadata;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The families' cuts as a peer makes them, seen in the tokens of one vocabulary. */
public class FamilyCutsTest {
    private static List<JsonNode> lines() throws IOException {
        JsonMapper json = new JsonMapper();
        try (InputStream in = FamilyCutsTest.class.getResourceAsStream("families.jsonl")) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return text.lines().map(json::readTree).toList();
        }
    }

    @TestFactory
    Stream<DynamicTest> shouldCutAsThePeerDoes() throws IOException {
        List<JsonNode> lines = lines();
        List<String> texts = new ArrayList<>();
        for (JsonNode text : lines.getFirst().get("texts")) texts.add(text.stringValue());
        assertThat(texts).hasSize(60);
        Map<String, Object> values = new HashMap<>(Goldens.metadata("1-tokenizers/ggml-vocab/ggml-vocab-gpt-2.gguf")
                .values());
        return lines.stream().skip(1).map(line -> {
            String pre = line.get("pre").stringValue();
            return DynamicTest.dynamicTest(pre, () -> {
                values.put("tokenizer.ggml.pre", pre);
                Tokenizer tokenizer = Tokenizers.from(new Metadata(values));
                for (int i = 0; i < texts.size(); i++) {
                    assertThat(tokenizer.encode(texts.get(i), false, false))
                            .as(texts.get(i))
                            .isEqualTo(Goldens.ints(line.get("ids").get(i)));
                }
            });
        });
    }

    /** The names whose cuts are held. */
    public static List<String> held() throws IOException {
        return lines().stream().skip(1).map(l -> l.get("pre").stringValue()).toList();
    }

    @Test
    void shouldLeaveNoFamilyOut() throws IOException {
        assertThat(held()).containsAll(SmallTokenizers.pres());
    }
}
