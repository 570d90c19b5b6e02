// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Templates that ask for too much get a clear error, soon, on an ordinary thread. */
class LimitsTest {
    private static final String GROW = "{% set ns = namespace(x=X) %}{% for i in range(100000) %}";

    @ParameterizedTest
    @CsvSource(
            delimiter = '@',
            quoteCharacter = '`',
            value = {
                "{{ 'ab' * 4000000 }} @ repeating a string: characters=8000000, allowed<=4194304",
                "{{ 'ab' * 10**30 }} @ repeating a string: characters=",
                "{{ [1] * 100001 }} @ repeating a list: elements=100001, allowed<=100000",
                "{{ range(100001) }} @ range: elements=100001, allowed<=100000",
                "{{ range(-9223372036854775807, 9223372036854775807) }} @ range: elements=",
                "{{ ('a' * 100000).replace('a', 'b' * 100) }} @ replacing in a string: characters=",
                "{{ ('a' * 100000).replace('', 'b' * 100) }} @ replacing in a string: characters=",
                "{{ range(100000)|join('x' * 100) }} @ joining: characters=",
                "{{ ('x' * 100).join(['', ''] * 50000) }} @ joining strings: characters=",
                "{{ ('a,' * 200000).split(',') }} @ splitting a string: elements=",
                "{{ (('a' ~ '%c' % 10) * 200000)|indent }} @ splitting lines: elements=",
                "{{ (('a' ~ '%c' % 10) * 90000)|indent(100) }} @ indenting: characters=",
                "{{ 'a'|indent(10**9) }} @ indenting: characters=1000000000",
                "{{ 'a'.center(10**9) }} @ filling a string: characters=",
                "{{ '%999999999d' % 1 }} @ formatting: width or precision=999999999",
                "{{ '{:999999999}'.format(1) }} @ formatting: width or precision=999999999",
                "{{ [1]|tojson(indent=10**9) }} @ writing JSON: characters=1000000000",
                "{{ ('a' * 200000)|list }} @ running over a string: elements=200000",
                "{{ [[1]]|batch(10**9, 0)|list }} @ filter batch: elements=",
                "{{ [1]|slice(10**9)|list }} @ filter slice: elements=",
                "{{ 10 ** (10 ** 10) }} @ computing '**': bits of an integer=",
                "{{ 2 ** 4097 }} @ computing '**': bits of an integer=4097, allowed<=4096",
                "{{ 2 ** 4000 * 2 ** 4000 }} @ computing '*': bits of an integer=8001, allowed<=4096",
                "{{ ('9' * 5000)|int }} @ reading an integer: digits=5000, allowed<=1024",
                "{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }} @ depth=801, allowed<=800",
                "{% macro m() %}{{ caller }}{% call m() %}{% endcall %}{% endmacro %}{% call m() %}{% endcall %} @"
                        + " depth=801, allowed<=800",
                "{% for x in [[]] recursive %}{{ loop([x]) }}{% endfor %} @ depth=801, allowed<=800",
                "{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }} @ writing a value as text: depth=801",
            })
    void shouldRejectWhenTooMuchIsAsked(String source, String message) {
        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(10), () -> rejects(source, message));
    }

    private static void rejects(String source, String message) {
        assertThatThrownBy(() -> TemplateTest.render(source))
                .isInstanceOfSatisfying(TemplateException.class, e -> {
                    assertThat(e.reason()).isEqualTo(TemplateException.Cause.LIMIT);
                    assertThat(e.line()).isPositive();
                })
                .hasMessageContaining(message.strip());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '@',
            quoteCharacter = '`',
            value = {
                "'' @ {% set ns.x = ns.x ~ 'xxxxxxxxxx' %} @ characters made by this rendering",
                "[] @ {% set ns.x = ns.x + [i] %} @ characters made by this rendering",
                "[] @ {% set ns.x = [ns.x, ns.x] %}{% if i > 100 %}{{ ns.x == [ns.x] }}{{ ns.x|tojson }}{% endif %} @"
                        + " allowed<=",
                "[] @ {% set ns.x = [ns.x] %}{% if i > 5000 %}{{ ns.x }}{% endif %} @ depth=801",
                "[] @ {% set ns.x = [ns.x] %}{% if i > 5000 %}{{ ns.x == [[ns.x]] }}{% endif %} @ depth=801",
                "0 @ {% for j in range(100000) %}{% endfor %} @ rendering: steps=",
                "'a' * 4000000 @ {{ ns.x.find('a' * 100 ~ 'b') }} @ allowed<=",
                "'a' * 4000000 @ {% if ns.x[3999999] %}{% endif %} @ rendering: steps=",
                "'a' * 1000000 @ {{ ns.x }} @ rendering: characters=",
            })
    void shouldRejectWhenLittleByLittleItIsTooMuch(String start, String body, String message) {
        String source = GROW.replace("X", start.strip()) + body + "{% endfor %}";
        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(10), () -> rejects(source, message));
    }

    @Test
    void shouldRejectWhenTheSourceIsTooLongOrNested() {
        rejects("x".repeat(300_000), "reading the template: characters=300000, allowed<=262144");
        String[][] nests = {
            {"(", "1", ")"},
            {"[", "", "]"},
            {"-", "1", ""},
            {"not ", "1", ""},
            {"{1:", "1", "}"},
            {"a(", "", ")"},
            {"a[", "1", "]"},
            {"", "1", " if 1"},
            {"1 if 1 else ", "1", ""},
            {"", "1", "+1"},
            {"", "1", "*1"},
            {"", "1", "**1"},
            {"", "1", " or 1"},
            {"", "1", " and 1"},
            {"", "a", ".b"},
            {"", "a", "|b"},
            {"", "a", "[1]"},
            {"", "a", "()"},
        };
        for (String[] nest : nests) {
            String source = "{{ " + nest[0].repeat(5000) + nest[1] + nest[2].repeat(5000) + " }}";
            rejects(source, "parsing: nested constructs=121");
        }
        rejects("{% if 1 %}".repeat(5000), "parsing: nested constructs=121");
        rejects("{% for " + "(".repeat(5000) + "a" + ")".repeat(5000) + " in a %}", "parsing: nested constructs=121");
    }

    @Test
    void shouldSearchInLinearTime() {
        // A naive search would look at 2e12 characters.
        String source =
                "{{ ('a' * 4000000).count('a' * 2000000 ~ 'b') }}{{ ('a' * 4000000).rfind('b' ~ 'a' * 2000000) }}";
        assertThat(Assertions.assertTimeoutPreemptively(Duration.ofSeconds(10), () -> TemplateTest.render(source)))
                .isEqualTo("0-1");
    }

    @Test
    void shouldFindWhatIndexOfFinds() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 2000; round++) {
            StringBuilder s = new StringBuilder();
            for (int i = 0; i < 200; i++) s.append(random.nextInt(8) == 0 ? 'b' : 'a');
            int from = random.nextInt(150);
            String part = random.nextBoolean()
                    ? s.substring(from, from + random.nextInt(50))
                    : "a".repeat(random.nextInt(30)) + "b" + "a".repeat(random.nextInt(30));
            int start = random.nextInt(200);
            Run run = new Run(Limits.DEFAULT, TemplateTest.CLOCK);
            assertThat(new Finder(run, part).next(s.toString(), start))
                    .as("seed=%s part=%s in=%s", seed, part, s)
                    .isEqualTo(s.indexOf(part, start));
        }
    }

    /** The deepest the limits allow, on threads with half the usual stack; a tiny one gets an error of ours. */
    @Test
    void shouldNotOverflowTheStack() throws InterruptedException {
        String nested = "{% macro m(n) %}{{ " + "(".repeat(60) + "[m(n + 1)]|first" + ")".repeat(60)
                + " }}{% endmacro %}{{ m(0) }}";
        for (int stack : new int[] {1 << 19, 1 << 16}) {
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            Thread thread = new Thread(
                    null,
                    () -> {
                        try {
                            Template.compile(nested, Limits.DEFAULT).render(Map.of(), TemplateTest.CLOCK);
                        } catch (Throwable e) {
                            thrown.set(e);
                        }
                    },
                    "small stack",
                    stack);
            thread.start();
            thread.join();
            assertThat(thrown.get()).isInstanceOf(TemplateException.class);
            if (stack == 1 << 19) assertThat(thrown.get()).hasMessageContaining("depth=801");
        }
    }
}
