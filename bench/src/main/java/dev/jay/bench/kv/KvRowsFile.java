// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.engine.Fingerprint;
import dev.jay.engine.plan.JudgedRow;
import dev.jay.engine.plan.Judgement;
import dev.jay.model.load.MalformedModelException;
import dev.jay.tensor.memory.WholeFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Where rows are kept for the planner. It is whole after every row: what was measured before an end stays. */
final class KvRowsFile {
    private final Path file;
    private final KvJudge judge;
    private Judgement judgement;

    /** Goes on with a file that is there, if it judges this model. */
    KvRowsFile(Path file, KvJudge judge) throws IOException {
        this.file = file.toAbsolutePath();
        this.judge = judge;
        String print = Fingerprint.of(judge.model());
        String name = String.valueOf(judge.model().getFileName());
        this.judgement = new Judgement(print, name, List.of());
        if (!Files.exists(this.file)) return;
        if (Files.size(this.file) > Judgement.MOST_BYTES) {
            throw new IllegalArgumentException("--write: " + file + " is there and too large to be a judgement");
        }
        Judgement before = parsed(file);
        if (!before.print().equals(print)) {
            throw new IllegalArgumentException("--write: " + file + " judges another model, '" + before.name()
                    + "': name another file, or remove it");
        }
        this.judgement = before;
    }

    private static Judgement parsed(Path file) throws IOException {
        try {
            return Judgement.parse(Files.readAllBytes(file), String.valueOf(file));
        } catch (MalformedModelException e) {
            throw new IllegalArgumentException("--write: " + e.getMessage(), e);
        }
    }

    /** What f16 itself can hardly do is kept as what it has nothing to lose in: a floor of quality does not go by it. */
    void add(KvRow row) throws IOException {
        judgement = judgement.with(List.of(new JudgedRow(
                row.recipe(),
                row.task(),
                row.mode(),
                judge.length(),
                row.asked(),
                row.seed(),
                row.counts() ? row.quality() : Double.NaN,
                row.bytes(),
                row.kept(),
                row.fullBytes(),
                row.decodeRatio(),
                row.prefillRatio())));
        WholeFile.write(file, judgement.text().getBytes(StandardCharsets.UTF_8));
    }
}
