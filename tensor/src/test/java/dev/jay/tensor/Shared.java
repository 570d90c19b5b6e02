// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/**
 * Where tests find the reference data that is not in the repository: {@code ../shared/data} from the project's root. A
 * test that needs it is skipped where it is absent, but fails where {@code JAY_REQUIRE_SHARED} is set, as CI does.
 */
public final class Shared {
    private Shared() {}

    /** The project's root. */
    public static Path root() {
        String given = System.getProperty("jay.root");
        Path at = Path.of(given != null ? given : ".").toAbsolutePath().normalize();
        while (at != null && !Files.isRegularFile(at.resolve("jay"))) at = at.getParent();
        return at != null ? at : Path.of(given != null ? given : ".").toAbsolutePath();
    }

    /** A file or folder of the reference data; skips the test (or fails it, see above) where it is absent. */
    public static Path data(String relative) {
        Path file = root().resolveSibling("shared").resolve("data").resolve(relative);
        if (!Files.exists(file)) {
            String absent = "reference data absent: " + file;
            if (System.getenv("JAY_REQUIRE_SHARED") != null) throw new AssertionError(absent);
            Assumptions.abort(absent);
        }
        return file;
    }
}
