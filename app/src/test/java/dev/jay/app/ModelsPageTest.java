// SPDX-License-Identifier: Apache-2.0
package dev.jay.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.engine.chat.CallSyntaxes;
import dev.jay.kv.codec.KvCodecs;
import dev.jay.model.arch.Architectures;
import dev.jay.model.arch.ModelsPage;
import dev.jay.model.text.FamilyCutsTest;
import dev.jay.model.text.PreTokenizers;
import dev.jay.model.text.TokenizerGoldenTest;
import dev.jay.model.text.Tokenizers;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.Shared;
import dev.jay.tensor.format.WeightFormats;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** docs/models.md says what the tests hold, all of it and no more. */
class ModelsPageTest {
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)]+)\\)");

    private static String text() throws IOException {
        return ModelsPage.text() + FeaturesPage.text();
    }

    @Test
    void thePageIsWhatTheTestsHold() throws IOException {
        Path page = Shared.root().resolve("docs/models.md");
        if (Boolean.getBoolean("jay.write")) Files.writeString(page, text());
        assertThat(Files.readString(page))
                .as("stale: run this test with -Djay.write=true")
                .isEqualTo(text());
    }

    @Test
    void everyTestThatItNamesIsThere() throws IOException {
        List<String> links =
                LINK.matcher(text()).results().map(m -> m.group(1)).distinct().toList();
        assertThat(links).hasSizeGreaterThan(15).allSatisfy(link -> {
            assertThat(Shared.root().resolve("docs").resolve(link)).isRegularFile();
            assertThat(Files.readString(Shared.root().resolve("docs").resolve(link)))
                    .containsPattern("@(Test|ParameterizedTest|TestFactory|FuzzTest)");
        });
    }

    @Test
    void everyMemberOfACatalogIsInIt() throws IOException {
        expectRows("Families", Architectures.ALL);
        expectRows("Families and features", Architectures.ALL);
        expectRows("Call syntaxes", CallSyntaxes.ALL);
        expectRows("KV codecs", KvCodecs.ALL);
        expectRows("Tokenizers", Tokenizers.ALL);
        String cuts = section("Pre-tokenizers");
        assertThat(PreTokenizers.ALL.names())
                .allSatisfy(name -> assertThat(cuts).contains("`" + name + "`"));
        for (String title : List.of("Weight formats and families", "Weight formats and files")) {
            String formats = section(title);
            assertThat(WeightFormats.ALL.names())
                    .allSatisfy(name -> assertThat(formats).contains("| " + name + " |"));
        }
    }

    private static void expectRows(String title, Catalog<?> catalog) throws IOException {
        String section = section(title);
        assertThat(catalog.names()).allSatisfy(name -> assertThat(section).contains("\n| `" + name + "` |"));
    }

    private static String section(String title) throws IOException {
        String text = text();
        int from = text.indexOf("\n## " + title + "\n");
        assertThat(from).as(title).isNotNegative();
        int to = text.indexOf("\n## ", from + 1);
        return to < 0 ? text.substring(from) : text.substring(from, to);
    }

    @Test
    void everyKindOfTokenizerAndEveryCutIsHeld() throws IOException {
        assertThat(Tokenizers.ALL.names())
                .allSatisfy(
                        kind -> assertThat(TokenizerGoldenTest.goldens(kind)).isNotEmpty());
        List<String> held = FamilyCutsTest.held();
        PreTokenizers.ALL.entries().stream()
                .collect(Collectors.groupingBy(
                        Catalog.Entry::summary, Collectors.mapping(Catalog.Entry::name, Collectors.toList())))
                .values()
                .forEach(names -> assertThat(names).containsAnyElementsOf(held));
    }
}
