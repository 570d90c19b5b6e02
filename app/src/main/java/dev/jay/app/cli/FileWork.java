// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.util.Iterator;
import java.util.Locale;
import picocli.CommandLine.Option;

/** What commands that write model files share: room, threads, a format, and how far they are. */
final class FileWork {
    @Option(
            names = "--threads",
            paramLabel = "N",
            converter = Values.Count.class,
            description = "Compute threads (one for each core that this process may use, quotas counted).")
    private Integer threads;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            converter = Values.Size.class,
            description = "The memory of the whole process, such as 512m or 4g; mapped weights aside.")
    private Long memory;

    /** Work on files. */
    interface Work {
        void run(Memory memory, Workers workers, Progress progress) throws IOException;
    }

    void run(Shell shell, Work work) throws IOException {
        long budget = memory == null ? Long.MAX_VALUE : shell.jvm().offHeap(memory);
        try (Memory room = Memory.withBudget(budget);
                Workers workers = Workers.of(threads == null ? Cpu.detect().cores() : threads);
                Progress progress = new Progress(shell)) {
            work.run(room, workers, progress);
        }
    }

    /** The known weight formats, for help: those of the catalog. */
    static final class Formats implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return WeightFormats.ALL.names().iterator();
        }
    }

    static WeightFormat format(String name) {
        return WeightFormats.ALL.make(name.toLowerCase(Locale.ROOT));
    }
}
