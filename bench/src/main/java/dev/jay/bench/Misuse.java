// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench;

import dev.jay.engine.NeverFitsException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** What a measurement was asked that it cannot do is told as a wrong option is, with the command's help. */
public final class Misuse {
    private Misuse() {}

    /** A measurement. */
    public interface Work {
        void run() throws IOException;
    }

    /** @return the exit status 0 */
    public static int told(CommandSpec of, Work work) throws IOException {
        try {
            work.run();
            return 0;
        } catch (NoSuchFileException e) {
            throw new ParameterException(of.commandLine(), "no such file: " + e.getMessage(), e);
        } catch (IllegalArgumentException | NeverFitsException e) {
            throw new ParameterException(of.commandLine(), e.getMessage(), e);
        }
    }
}
