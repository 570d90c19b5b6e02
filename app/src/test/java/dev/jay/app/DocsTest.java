// SPDX-License-Identifier: Apache-2.0
package dev.jay.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.tensor.Shared;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the pages promise is there: every relative link leads to a file, and a link named Type.method to that method. */
class DocsTest {
    private static final Pattern LINK = Pattern.compile("\\[([^\\]]+)\\]\\(([^)#\\s]+)(#[^)]*)?\\)");
    private static final Pattern METHOD = Pattern.compile("`?([A-Z]\\w*)\\.(\\w+)`?");

    @Test
    void linksShouldLeadSomewhere() throws IOException {
        List<String> broken = new ArrayList<>();
        int seen = 0;
        for (Path page : pages()) {
            Matcher link = LINK.matcher(Files.readString(page));
            while (link.find()) {
                if (link.group(2).contains("://")) continue;
                seen++;
                Path target = page.resolveSibling(link.group(2)).normalize();
                if (!Files.exists(target)) broken.add(page.getFileName() + ": no " + link.group(2));
                else checkMethod(page, link.group(1), target, broken);
            }
        }
        assertThat(seen).isGreaterThan(20);
        assertThat(broken).isEmpty();
    }

    private static void checkMethod(Path page, String text, Path target, List<String> broken) throws IOException {
        Matcher named = METHOD.matcher(text);
        if (!named.matches() || !target.toString().endsWith(".java")) return;
        String source = Files.readString(target);
        boolean there = target.getFileName().toString().equals(named.group(1) + ".java")
                && Pattern.compile("\\b" + named.group(2) + "\\b")
                        .matcher(source)
                        .find();
        if (!there) broken.add(page.getFileName() + ": " + text + " is not in " + target.getFileName());
    }

    private static List<Path> pages() throws IOException {
        List<Path> pages = new ArrayList<>();
        for (Path folder : List.of(Shared.root(), Shared.root().resolve("docs"))) {
            try (Stream<Path> all = Files.walk(folder, folder.endsWith("docs") ? 3 : 1)) {
                all.filter(f -> f.toString().endsWith(".md")).forEach(pages::add);
            }
        }
        return pages;
    }
}
