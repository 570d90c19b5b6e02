// SPDX-License-Identifier: Apache-2.0
package example;

import dev.jay.engine.Model;
import dev.jay.engine.Session;
import java.io.IOException;
import java.nio.file.Path;

/** A streaming chat in ten lines. Run with the path of a model and a question. */
public final class StreamingChat {
    private StreamingChat() {}

    public static void main(String[] args) throws IOException {
        try (Model model = Model.open(Path.of(args[0]));
                Session session = model.session()) {
            session.maxTokens(100);
            session.chat(args[1]).forEach(piece -> System.out.print(piece.text()));
        }
    }
}
