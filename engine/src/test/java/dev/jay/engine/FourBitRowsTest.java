// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows of four bits, each by itself, may do whatever a row may: be shared, parked in a file, forgotten, selected. */
class FourBitRowsTest {
    private static final List<String> ROWS =
            List.of("keys=q4_0 values=iq4_nl", "keys=rotated-q4_0 values=q4_0", "keys=iq4_nl values=rotated-q4_0");

    @TempDir
    private Path folder;

    private Asking asking;

    @BeforeEach
    void write() throws IOException {
        asking = new Asking(Asking.write(folder, "llama-mini"), 3, 150, 20, 120, 20); // heads of 64: whole blocks
    }

    @Test
    void sharingAndAFileChangeNoAnswer() throws IOException {
        for (String rows : ROWS) {
            ModelOptions options = ModelOptions.defaults().withKvRecipe(rows).withParallel(1);
            List<List<Integer>> wanted;
            try (Model plain = asking.open(options)) {
                wanted = asking.alone(plain, false);
                assertThat(asking.alone(plain, true)).as(rows).isEqualTo(wanted);
                assertThat(plain.status().reusedTokens()).isPositive();
            }
            ModelOptions filed = options.withKvFile(folder.resolve(rows.replace(' ', '-')));
            for (int start = 0; start < 2; start++) {
                try (Model model = asking.open(filed)) {
                    assertThat(asking.alone(model, true)).as(rows).isEqualTo(wanted);
                    if (start > 0)
                        assertThat(model.status().tier().read()).as(rows).isPositive();
                }
            }
        }
    }

    @Test
    void forgettingAndSelectingWithCompanyAndWithoutRoomChangeNoAnswer() throws IOException {
        for (int i = 0; i < ROWS.size(); i++) {
            String more = List.of(
                            " evict=prompt-window(budget=60,window=8,recent=8)",
                            " select=best-pages(budget=128)",
                            " evict=heavy-hitter(budget=60,recent=8,every=32)")
                    .get(i);
            asking.checkCompanyAndRoom(ROWS.get(i) + more);
        }
    }
}
