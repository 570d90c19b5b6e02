// SPDX-License-Identifier: Apache-2.0
package example;

import dev.jay.engine.Model;
import dev.jay.engine.Session;
import java.nio.file.Path;

/** A streaming chat in a few lines. Run with the path of a model and a question. */
public final class StreamingChat {
    public static void main(String[] args) {
        try (Model model = Model.open(Path.of(args[0]));
                Session session = model.session()) {
            session.chat(args[1]).forEach(piece -> System.out.print(piece.text()));
        }
    }
}
