// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

class TemplateTest {
    static final Clock CLOCK = Clock.fixed(Instant.parse("2026-01-15T12:00:00Z"), ZoneOffset.UTC);

    static String render(String source) {
        return Template.compile(source, Limits.DEFAULT).render(Map.of(), CLOCK);
    }

    /** The lines of cases.jsonl: the context of all, then a template each, with what Python's Jinja2 made of it. */
    static List<Map<String, Object>> cases() throws IOException {
        JsonMapper json = new JsonMapper();
        List<Map<String, Object>> cases = new ArrayList<>();
        try (InputStream in = TemplateTest.class.getResourceAsStream("cases.jsonl")) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            text.lines().forEach(line -> cases.add(json.readValue(line, new TypeReference<Map<String, Object>>() {})));
        }
        return cases;
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> context(List<Map<String, Object>> cases) {
        return (Map<String, Object>) cases.getFirst().get("context");
    }

    @TestFactory
    Stream<DynamicTest> shouldDoAsPythonDoes() throws IOException {
        List<Map<String, Object>> cases = cases();
        Map<String, Object> context = context(cases);
        return cases.stream()
                .skip(1)
                .map(one -> DynamicTest.dynamicTest("'" + one.get("template") + "'", () -> {
                    String source = (String) one.get("template");
                    if (one.containsKey("error")) {
                        assertThatThrownBy(() ->
                                        Template.compile(source, Limits.DEFAULT).render(context, CLOCK))
                                .isInstanceOf(TemplateException.class);
                    } else {
                        assertThat(Template.compile(source, Limits.DEFAULT).render(context, CLOCK))
                                .isEqualTo(one.get("output"));
                    }
                }));
    }

    @Test
    void shouldNameTheLineAndWhatWasExpected() {
        assertThatThrownBy(() -> render("a\n\n{% if x %}\nb"))
                .hasMessage(
                        "template line 4: expected '{% endif %}' for the block opened in line 3, got end of template");
        assertThatThrownBy(() -> render("{{ 1 +\n }}")).hasMessage("template line 2: expected an expression, got '}}'");
        assertThatThrownBy(() -> render("\n{% fro x %}"))
                .hasMessageContaining("line 2: unknown block 'fro', expected one of if");
        assertThatThrownBy(() -> render("{{ (1] }}")).hasMessage("template line 1: expected ')', got ']'");
        assertThatThrownBy(() -> render("\n{{ x.y }}")).hasMessage("template line 2: 'x' is undefined");
        assertThatThrownBy(() -> render("{{ 'a'\n + \n 1 }}"))
                .hasMessage("template line 2: '+' is not defined between str 'a' and int 1");
    }

    @Test
    void shouldTellRefusalsFromFaults() {
        assertThatThrownBy(() -> render("\n{{ raise_exception('Only users') }}"))
                .hasMessage("Only users")
                .isInstanceOfSatisfying(TemplateException.class, e -> {
                    assertThat(e.reason()).isEqualTo(TemplateException.Cause.REFUSED);
                    assertThat(e.line()).isEqualTo(2);
                });
    }

    @Test
    void shouldTakeJavaNumbersAndNoOtherObjects() {
        Template template = Template.compile("{{ a }} {{ b }} {{ c }} {{ d|tojson }}", Limits.DEFAULT);
        Map<String, Object> context = new HashMap<>(Map.of("a", 1, "b", 1.5f, "c", (byte) 3, "d", Map.of("k", 2L)));
        assertThat(template.render(context, CLOCK)).isEqualTo("1 1.5 3 {\"k\": 2}");
        context.put("a", new Object[0]);
        assertThatThrownBy(() -> template.render(context, CLOCK))
                .isInstanceOf(TemplateException.class)
                .hasMessageContaining("context 'a': class=[Ljava.lang.Object;");
        assertThatThrownBy(() -> render("{{ ''.getClass() }}")).isInstanceOf(TemplateException.class);
    }

    @Test
    void shouldRejectWhenTheContextHoldsItself() {
        Map<String, Object> loop = new HashMap<>();
        loop.put("x", loop);
        assertThatThrownBy(() -> Template.compile("", Limits.DEFAULT).render(loop, CLOCK))
                .isInstanceOf(TemplateException.class)
                .hasMessageContaining("nested deeper than 200");
    }

    @Test
    void shouldLeaveTheContextAsItWas() {
        Map<String, Object> context = Map.of("l", new ArrayList<>(List.of(1)), "d", new HashMap<>(Map.of("a", 1)));
        String source = "{% set l = l + [2] %}{% set d = dict(d, b=2) %}{{ l }}{{ d }}";
        assertThat(Template.compile(source, Limits.DEFAULT).render(context, CLOCK))
                .isEqualTo("[1, 2]{'a': 1, 'b': 2}");
        assertThat(context.get("l")).isEqualTo(List.of(1));
        assertThat(context.get("d")).isEqualTo(Map.of("a", 1));
    }

    @Test
    void shouldRenderTheSameFromManyThreads() throws Exception {
        Template template = Template.compile(
                "{% set ns = namespace(n=0) %}{% for i in range(n) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}",
                Limits.DEFAULT);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<String>> work = new ArrayList<>();
            for (int n = 0; n < 50; n++) {
                int count = n;
                work.add(() -> template.render(Map.of("n", count), CLOCK));
            }
            int n = 0;
            for (var answer : threads.invokeAll(work)) {
                assertThat(answer.get()).isEqualTo(Integer.toString(n * (n - 1) / 2));
                n++;
            }
        }
    }
}
