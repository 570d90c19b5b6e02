// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.model.text.jinja.TemplateException;
import dev.jay.tensor.Shared;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** What Python's Jinja2 makes of real models' templates and of small ones; the reference data names how it was made. */
class ChatTemplateGoldenTest {
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-01-15T12:00:00Z"), ZoneOffset.UTC);
    private static final JsonMapper JSON = new JsonMapper();

    /** The conversation llama.cpp's own test renders. */
    private static final List<Map<String, Object>> SIX = List.of(
            Map.of("role", "system", "content", "You are a helpful assistant"),
            Map.of("role", "user", "content", "Hello"),
            Map.of("role", "assistant", "content", "Hi there"),
            Map.of("role", "user", "content", "Who are you"),
            Map.of("role", "assistant", "content", "   I am an assistant   "),
            Map.of("role", "user", "content", "Another question"));

    private static Map<String, Object> object(String json) {
        return JSON.readValue(json, new TypeReference<Map<String, Object>>() {});
    }

    private static List<Map<String, Object>> lines(Path file) throws IOException {
        List<Map<String, Object>> lines = new ArrayList<>();
        for (String line : Files.readAllLines(file)) if (!line.isBlank()) lines.add(object(line));
        return lines;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(Object value) {
        return (Map<String, Object>) value;
    }

    @TestFactory
    Stream<DynamicTest> shouldRenderRealTemplatesAsPythonDoes() throws IOException {
        Path data = Shared.data("2-chat-templates");
        Map<String, Object> cases = object(Files.readString(data.resolve("cases.json")));
        List<DynamicTest> tests = new ArrayList<>();
        try (Stream<Path> goldens = Files.list(data.resolve("golden"))) {
            for (Path golden : goldens.sorted().toList()) {
                List<Map<String, Object>> lines = lines(golden);
                Map<String, Object> made = lines.getFirst();
                String name = (String) made.get("template");
                ChatTemplate template = ChatTemplate.compile(
                        Files.readString(data.resolve("templates").resolve(name)));
                for (Map<String, Object> line : lines.subList(1, lines.size())) {
                    String conversation = (String) line.get("case");
                    Map<String, Object> context = new HashMap<>(map(cases.get(conversation)));
                    context.putIfAbsent("tools", null);
                    context.putIfAbsent("documents", null);
                    context.put("bos_token", made.get("bos_token"));
                    context.put("eos_token", made.get("eos_token"));
                    tests.add(DynamicTest.dynamicTest(name + " " + conversation, () -> check(line, template, context)));
                }
            }
        }
        assertThat(tests).hasSizeGreaterThan(80);
        return tests.stream();
    }

    private static void check(Map<String, Object> line, ChatTemplate template, Map<String, Object> context) {
        if (line.containsKey("error")) {
            TemplateException.Cause expected = line.get("error").equals("TemplateError")
                    ? TemplateException.Cause.REFUSED
                    : TemplateException.Cause.EVALUATION;
            assertThatThrownBy(() -> template.render(context, CLOCK))
                    .isInstanceOfSatisfying(
                            TemplateException.class, e -> assertThat(e.reason()).isEqualTo(expected));
        } else {
            assertThat(template.render(context, CLOCK)).isEqualTo(line.get("output"));
        }
    }

    @TestFactory
    Stream<DynamicTest> shouldBehaveAsJinjaInSmallTemplates() throws IOException {
        List<Map<String, Object>> vectors = lines(Shared.data("2-chat-templates/jinja-vectors.jsonl"));
        assertThat(vectors).hasSizeGreaterThan(70);
        return vectors.stream()
                .map(vector -> DynamicTest.dynamicTest((String) vector.get("name"), () -> {
                    Map<String, Object> context = map(vector.get("context"));
                    ChatTemplate template = ChatTemplate.compile((String) vector.get("template"));
                    if (vector.get("python_jinja2") == null) {
                        assertThatThrownBy(() -> template.render(context, CLOCK))
                                .isInstanceOf(TemplateException.class);
                    } else {
                        assertThat(template.render(context, CLOCK)).isEqualTo(vector.get("python_jinja2"));
                    }
                }));
    }

    /** expected_legacy and expected_jinja are another engine's; jinja2_output is what the template says. */
    @TestFactory
    Stream<DynamicTest> shouldRenderTheTemplatesOfLlamaCppAsPythonDoes() throws IOException {
        List<Map<String, Object>> lines = lines(Shared.data("2-chat-templates/llamacpp-test-chat-template.jsonl"));
        assertThat(lines).isNotEmpty();
        return lines.stream()
                .map(line -> DynamicTest.dynamicTest((String) line.get("name"), () -> {
                    ChatTemplate template = ChatTemplate.compile((String) line.get("template"));
                    String bos = (String) line.get("bos_token");
                    String eos = (String) line.get("eos_token");
                    String expected = (String) line.get("jinja2_output");
                    if (expected.startsWith("ERROR")) {
                        assertThatThrownBy(() -> template.render(SIX, true, null, bos, eos, Map.of(), CLOCK))
                                .isInstanceOf(TemplateException.class);
                    } else {
                        assertThat(template.render(SIX, true, null, bos, eos, Map.of(), CLOCK))
                                .isEqualTo(expected);
                    }
                }));
    }

    @Test
    void shouldRenderChatMl() {
        assertThat(ChatTemplate.CHATML.render(SIX.subList(1, 2), true, null, null, null, Map.of(), CLOCK))
                .isEqualTo("<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n");
    }
}
