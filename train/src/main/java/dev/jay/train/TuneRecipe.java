// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.tensor.kernel.Precision;
import dev.jay.train.block.Adapters;
import dev.jay.train.optimize.Optimizers;
import dev.jay.train.optimize.Schedules;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/**
 * All that a tuning follows from, beside its model: a file of {@code key = value}, or such pairs alone. Files it names
 * lie beside it, if they are not absolute.
 *
 * @param identity what a checkpoint must have in common with it to be gone on from
 */
public record TuneRecipe(
        String name, long seed, Texts texts, Adapters.Lora lora, Steps steps, Watch watch, String identity) {
    /**
     * @param data  examples that are learnt
     * @param valid examples that nothing is learnt from; empty for a part of {@code data}
     * @param held  that part; 0 for none
     */
    public record Texts(List<Path> data, List<Path> valid, double held) {}

    /**
     * @param count     of the whole run; 0 for as many as the epochs take
     * @param epochs    how often every example comes
     * @param sequences of a batch; examples, one each
     * @param length    the most tokens of an example; what is longer is cut
     * @param batches   of a step, whose gradients add up
     * @param optimizer as the catalog names it; so the schedule
     */
    public record Steps(
            int count,
            double epochs,
            int sequences,
            int length,
            int batches,
            String optimizer,
            String schedule,
            double rate,
            double clip,
            Precision precision,
            Recipe.Choice recompute,
            Recipe.Choice offload) {
        /** Steps of a run on so many examples. */
        int of(int examples) {
            if (count > 0) return count;
            return (int) Math.clamp(Math.ceil(epochs * examples / ((double) sequences * batches)), 1, 1 << 24);
        }
    }

    /**
     * @param validEvery      steps; 0 for never
     * @param patience        looks without a better one until it ends; 0 for never
     * @param checkpointEvery steps; 0 for only at the end
     */
    public record Watch(int validEvery, int patience, int checkpointEvery) {}

    /** Every key with what holds if it is not given; an empty value must be given. */
    public static final Map<String, String> KEYS = Map.ofEntries(
            Map.entry("name", "tuned"),
            Map.entry("seed", "1"),
            Map.entry("data", ""),
            Map.entry("valid", "-"),
            Map.entry("held-out", "0.05"),
            Map.entry("rank", "16"),
            Map.entry("alpha", "32"),
            Map.entry("sites", "all"),
            Map.entry("steps", "0"),
            Map.entry("epochs", "2"),
            Map.entry("sequences", "4"),
            Map.entry("length", "512"),
            Map.entry("batches", "1"),
            Map.entry("optimizer", "adamw(beta2=0.999,decay=0)"),
            Map.entry("schedule", "cosine(warmup=0.05)"),
            Map.entry("rate", "0.0002"),
            Map.entry("clip", "1"),
            Map.entry("precision", "bf16"),
            Map.entry("recompute", "auto"),
            Map.entry("offload", "auto"),
            Map.entry("valid-every", "50"),
            Map.entry("patience", "0"),
            Map.entry("checkpoint-every", "100"));

    private static final List<String> OF_IDENTITY = List.of(
            "seed",
            "held-out",
            "rank",
            "alpha",
            "sites",
            "steps",
            "epochs",
            "sequences",
            "length",
            "batches",
            "optimizer",
            "schedule",
            "rate",
            "clip",
            "precision");

    /**
     * @param file or null for none: then the names of files are as they are
     * @param set  keys that replace those of the file
     * @throws IllegalArgumentException for an unknown key, one that is missing, or a value that is not allowed
     */
    public static TuneRecipe read(Path file, Map<String, String> set) throws IOException {
        Map<String, String> all = new TreeMap<>();
        if (file != null) {
            Properties given = new Properties();
            try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
                given.load(reader);
            }
            given.stringPropertyNames()
                    .forEach(k -> all.put(k, given.getProperty(k).strip()));
        }
        all.putAll(set);
        return of(new RecipeReader(file == null ? Path.of("--set") : file, KEYS, all));
    }

    private static TuneRecipe of(RecipeReader r) {
        String name = r.text("name");
        if (!name.matches("[A-Za-z0-9._-]{1,80}")) throw r.wrong("name", "letters, digits, '.', '_' and '-'");
        List<String> sites = r.text("sites").equals("all")
                ? Adapters.SITES
                : Arrays.stream(r.text("sites").split(",")).map(String::strip).toList();
        Steps steps = new Steps(
                r.count("steps", 0),
                r.real("epochs", 0),
                r.count("sequences", 1),
                r.count("length", 2),
                r.count("batches", 1),
                r.text("optimizer"),
                r.text("schedule"),
                r.real("rate", 0),
                r.real("clip", 0),
                r.oneOf("precision", Precision.class),
                r.oneOf("recompute", Recipe.Choice.class),
                r.oneOf("offload", Recipe.Choice.class));
        r.checkOffload();
        Optimizers.ALL.make(steps.optimizer);
        Schedules.ALL.make(steps.schedule);
        List<Path> data = r.paths("data");
        if (data.isEmpty()) throw r.wrong("data", "at least one file");
        StringBuilder identity = new StringBuilder("tune ");
        for (String key : OF_IDENTITY)
            identity.append(key).append('=').append(r.text(key)).append(' ');
        return new TuneRecipe(
                name,
                r.number("seed"),
                new Texts(data, r.paths("valid"), r.part("held-out")),
                new Adapters.Lora(r.count("rank", 1), r.real("alpha", 0), new LinkedHashSet<>(sites)),
                steps,
                new Watch(r.count("valid-every", 0), r.count("patience", 0), r.count("checkpoint-every", 0)),
                identity.toString().strip());
    }
}
