// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.model.load.HfFiles;
import dev.jay.model.load.SynthShapes;
import dev.jay.tensor.Shared;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** docs/models.md says what the tests hold, all of it and no more. */
class ModelsPageTest {
    @Test
    void thePageIsWhatTheTestsHold() throws IOException {
        Path page = Shared.root().resolve("docs/models.md");
        if (Boolean.getBoolean("jay.write")) Files.writeString(page, ModelsPage.text());
        assertThat(Files.readString(page))
                .as("stale: run this test with -Djay.write=true")
                .isEqualTo(ModelsPage.text());
    }

    @Test
    void everyFamilyHasADefinitionAPeerAndASmallModel() {
        for (String family : Architectures.ALL.names()) {
            assertThat(ModelsPage.variants(family)).as(family).isNotEmpty();
            assertThat(ModelsPage.shapes(family)).as(family).isNotEmpty().allMatch(ModelsPage::hasPeer);
        }
    }

    @Test
    void everyFamilyThatIsReadFromSafetensorsIsHeldToItsGgufFile() {
        Set<String> held = ModelsPage.safetensorsShapes().stream()
                .map(shape -> SynthShapes.ALL.make(shape).architecture())
                .collect(Collectors.toSet());
        for (String family : Architectures.ALL.names()) {
            if (!HfFiles.typesOf(family).isEmpty()) assertThat(held).contains(family);
        }
    }
}
