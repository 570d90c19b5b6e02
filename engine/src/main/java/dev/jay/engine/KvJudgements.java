// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.plan.JudgedRecipes;
import dev.jay.engine.plan.Judgement;
import dev.jay.model.load.MalformedModelException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * Finds what was judged of ways to keep keys and values: of a model, in the file beside it; else of jay-tiny, in a
 * resource of this module, which {@code jay bench kv} writes too.
 */
public final class KvJudgements {
    /** Of jay-tiny; absent until it has been judged. */
    static final String RESOURCE = "jay-tiny.kv.json";

    private static final String BESIDE = ".kv.json";

    /**
     * @param recipes what counts
     * @param model   that was judged, for people; empty: none was
     * @param isOwn   whether it is the very model that was asked for
     * @param note    what to say of files that were passed over, and how to judge; may be empty
     */
    record Found(JudgedRecipes recipes, String model, boolean isOwn, String note) {}

    private KvJudgements() {}

    /** Where a model's own judgement lies: beside its file or folder. */
    public static Path beside(Path model) {
        Path file = model.toAbsolutePath().normalize();
        return file.resolveSibling(file.getFileName() + BESIDE);
    }

    /**
     * @param print   of the model
     * @param builtIn opens jay-tiny's, or gives null
     * @throws MalformedModelException if a judgement is not sound
     */
    static Found find(Path model, String print, Supplier<InputStream> builtIn) throws IOException {
        Path own = beside(model);
        String note = "";
        if (Files.isRegularFile(own)) {
            Judgement judgement = read(own);
            if (judgement.print().equals(print)) {
                return new Found(JudgedRecipes.of(judgement), judgement.name(), true, "");
            }
            note = own.getFileName() + " is passed over: it judges another model, '" + judgement.name() + "'; ";
        }
        try (InputStream in = builtIn.get()) {
            if (in != null) {
                Judgement tiny = Judgement.parse(in.readNBytes(Judgement.MOST_BYTES + 1), RESOURCE);
                boolean isOwn = tiny.print().equals(print);
                String how = isOwn ? "" : "this model was not judged; " + howTo(model);
                return new Found(JudgedRecipes.of(tiny), tiny.name(), isOwn, note + how);
            }
        }
        return new Found(
                JudgedRecipes.NONE, "", false, note + "nothing was judged, so f16 alone counts; " + howTo(model));
    }

    /** Null while jay-tiny has not been judged. */
    static InputStream builtIn() {
        return KvJudgements.class.getResourceAsStream(RESOURCE);
    }

    private static Judgement read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return Judgement.parse(in.readNBytes(Judgement.MOST_BYTES + 1), String.valueOf(file.getFileName()));
        }
    }

    private static String howTo(Path model) {
        return "'jay bench kv " + model + " --text TEXT --write " + model + BESIDE + "' judges it";
    }
}
