// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever stands in a template, it renders or throws a {@link TemplateException}, and does so soon. */
class TemplateFuzzTest {
    /** A tenth of the usual work, so that a template that runs to the limit does not hold up the others. */
    private static final Limits SMALL =
            new Limits(1 << 16, 120, 800, 1_000_000, 1 << 20, 1 << 19, 10_000, 4 << 20, 4096);

    private static final Map<String, Object> CONTEXT = Map.of(
            "messages",
            List.of(Map.of("role", "user", "content", "Hi"), Map.of("role", "assistant", "content", "")),
            "s",
            "Hello 👍🏽",
            "l",
            List.of(1, 2.5, true),
            "d",
            Map.of("a", 1),
            "add_generation_prompt",
            true);

    @FuzzTest
    void shouldThrowNothingButTemplateExceptions(byte[] source) {
        attempt(new String(source, StandardCharsets.UTF_8));
    }

    private static boolean attempt(String source) {
        try {
            Template.compile(source, SMALL).render(CONTEXT, TemplateTest.CLOCK);
            return true;
        } catch (TemplateException expected) {
            assertThat(expected.getMessage()).isNotNull();
            return false;
        }
    }

    @Test
    void shouldThrowNothingButTemplateExceptionsForMutants() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<String> sources = new ArrayList<>();
        for (Map<String, Object> one : TemplateTest.cases()) {
            if (one.containsKey("template")) sources.add((String) one.get("template"));
        }
        int rendered = 0;
        long end = System.nanoTime() + 3_000_000_000L;
        int count = 0;
        while (System.nanoTime() < end) {
            String mutant = mutant(random, sources);
            long start = System.nanoTime();
            try {
                if (attempt(mutant)) rendered++;
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed=" + seed + " template=" + mutant, e);
            }
            assertThat(System.nanoTime() - start)
                    .as("seed=%s template=%s", seed, mutant)
                    .isLessThan(5_000_000_000L);
            count++;
        }
        // Mutants that are all refused at once would test nothing.
        assertThat(rendered).as("rendered of %s, seed=%s", count, seed).isGreaterThan(count / 50);
    }

    private static String mutant(Random random, List<String> sources) {
        StringBuilder text = new StringBuilder(sources.get(random.nextInt(sources.size())));
        for (int i = random.nextInt(4); i >= 0; i--) {
            String other = sources.get(random.nextInt(sources.size()));
            int at = random.nextInt(text.length() + 1);
            int to = Math.min(text.length(), at + random.nextInt(6));
            int from = random.nextInt(other.length() + 1);
            String piece = other.substring(from, Math.min(other.length(), from + random.nextInt(20)));
            switch (random.nextInt(5)) {
                case 0 -> text.delete(at, to);
                case 1 -> text.insert(at, piece);
                case 2 -> text.replace(at, to, piece);
                case 3 -> text.append(other);
                default -> text.insert(at, text.substring(at, to).repeat(random.nextInt(8)));
            }
        }
        return text.toString();
    }
}
