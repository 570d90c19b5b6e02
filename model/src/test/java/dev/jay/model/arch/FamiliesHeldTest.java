// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.model.load.HfFiles;
import dev.jay.model.load.SynthShapes;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Every family is held in every way that docs/models.md has a column for. */
class FamiliesHeldTest {
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
