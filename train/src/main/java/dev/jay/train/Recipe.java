// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.kernel.Precision;
import dev.jay.train.skill.Skills;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;

/**
 * All that a run follows from: a file of {@code key = value}. Files it names lie beside it, if they are not absolute. Of
 * some keys another value may hold once some steps were taken, {@code rate@4000 = 0.001}.
 *
 * @param later    what holds instead once so many steps were taken
 * @param identity what a checkpoint must have in common with it to be gone on from
 */
public record Recipe(
        String name,
        long seed,
        Texts texts,
        Shape shape,
        Steps steps,
        Watch watch,
        NavigableMap<Integer, Recipe> later,
        String identity) {
    /** What holds for the next step after so many. */
    Recipe after(int taken) {
        Map.Entry<Integer, Recipe> stage = later.floorEntry(taken);
        return stage == null ? this : stage.getValue();
    }

    /** Steps of the whole run. */
    public int count() {
        return later.isEmpty() ? steps.count : later.lastEntry().getValue().steps.count;
    }

    /**
     * @param tokenizer a GGUF file with one: of {@code jay train-tokenizer}, or any model's
     * @param echoes      the part of all sequences that say the beginning of a text again and again, 0 to 1
     * @param skills      the part of all sequences that are made-up tasks, 0 to 1
     * @param skillsAlone steps at the beginning that have nothing else
     * @param skillNames  which, each as often as it is named
     * @param skillReach  the part of a sequence that a task may take before its first answer
     * @param start     a model of the same shape to begin with; empty for random weights
     * @param valid     texts that nothing is learnt from; empty for none
     */
    public record Texts(
            Path tokenizer,
            Optional<Path> start,
            List<Path> data,
            List<Path> valid,
            double echoes,
            double skills,
            int skillsAlone,
            List<String> skillNames,
            double skillReach) {}

    /** Of the model: a llama whose embedding is its head too. */
    public record Shape(
            int width, int layers, int heads, int kvHeads, int headWidth, int ffn, int context, double ropeBase) {
        /** @param vocabulary tokens */
        public ModelSpec spec(int vocabulary) {
            ModelSpec.Rotary rotary = new ModelSpec.Rotary(headWidth, (float) ropeBase, true, new float[0]);
            return new ModelSpec(
                    "llama", layers, width, heads, kvHeads, headWidth, ffn, vocabulary, context, 1e-5f, rotary);
        }
    }

    /**
     * @param count     of the whole run
     * @param sequences of a batch, of the greatest length; of shorter ones so many more that a batch has as many tokens
     * @param lengths   tokens of a sequence, by the steps taken before the first that has it
     * @param batches   of a step, whose gradients add up
     * @param optimizer as the catalog names it; so the schedule
     * @param rate      the greatest learning rate
     * @param clip      the greatest norm of all gradients together
     * @param recompute whether activations are computed again on the way back; open: only where they do not fit
     * @param offload   whether they wait for it in a file; open: where they do not fit, if that costs less
     */
    public record Steps(
            int count,
            int sequences,
            NavigableMap<Integer, Integer> lengths,
            int batches,
            String optimizer,
            String schedule,
            double rate,
            double clip,
            Precision precision,
            Choice recompute,
            Choice offload) {
        /** Tokens of a step. */
        public long tokens() {
            return (long) sequences * length() * batches;
        }

        /** The greatest. */
        public int length() {
            return Collections.max(lengths.values());
        }

        /** After so many steps. */
        int lengthAfter(int steps) {
            return lengths.floorEntry(steps).getValue();
        }

        int sequencesAfter(int steps) {
            return sequences * length() / lengthAfter(steps);
        }
    }

    /** What a recipe may leave to the planner. */
    public enum Choice {
        AUTO,
        YES,
        NO;

        boolean allowed(boolean value) {
            return this == AUTO || value == (this == YES);
        }
    }

    /**
     * What is looked at on the way; numbers of steps, 0 for never.
     *
     * @param validBatches of a look at the valid texts
     * @param patience     looks at the valid texts without progress after which the run ends
     * @param checkpointMinutes after which there is one at the end of a step, however few steps were taken
     * @param prompts      that samples go on from
     */
    public record Watch(
            int validEvery,
            int validBatches,
            int patience,
            int checkpointEvery,
            int checkpointMinutes,
            int sampleEvery,
            int sampleTokens,
            List<String> prompts) {}

    /** Every key with what holds if it is not given; an empty value must be given. */
    public static final Map<String, String> KEYS = Map.ofEntries(
            Map.entry("name", "jay-tiny"),
            Map.entry("seed", "1"),
            Map.entry("tokenizer", ""),
            Map.entry("start", "-"),
            Map.entry("data", ""),
            Map.entry("valid", "-"),
            Map.entry("echoes", "0"),
            Map.entry("skills", "0"),
            Map.entry("skills-alone", "0"),
            Map.entry("skill-names", String.join(",", Skills.ALL.names())),
            Map.entry("skill-reach", "0.5"),
            Map.entry("width", "384"),
            Map.entry("layers", "8"),
            Map.entry("heads", "6"),
            Map.entry("kv-heads", "2"),
            Map.entry("head-width", "64"),
            Map.entry("ffn", "1024"),
            Map.entry("context", "2048"),
            Map.entry("rope-base", "50000"),
            Map.entry("steps", "1000"),
            Map.entry("sequences", "8"),
            Map.entry("length", "1024"),
            Map.entry("batches", "1"),
            Map.entry("optimizer", "adamw"),
            Map.entry("schedule", "wsd"),
            Map.entry("rate", "0.002"),
            Map.entry("clip", "1"),
            Map.entry("precision", "bf16"),
            Map.entry("recompute", "auto"),
            Map.entry("offload", "auto"),
            Map.entry("valid-every", "100"),
            Map.entry("valid-batches", "8"),
            Map.entry("patience", "0"),
            Map.entry("checkpoint-every", "100"),
            Map.entry("checkpoint-minutes", "10"),
            Map.entry("sample-every", "0"),
            Map.entry("sample-tokens", "64"),
            Map.entry("prompts", "Once upon a time"));

    private static final List<String> OF_IDENTITY = List.of(
            "seed",
            "start",
            "data",
            "echoes",
            "skills",
            "skills-alone",
            "skill-names",
            "skill-reach",
            "width",
            "layers",
            "heads",
            "kv-heads",
            "head-width",
            "ffn",
            "context",
            "rope-base",
            "steps",
            "sequences",
            "length",
            "batches",
            "optimizer",
            "schedule",
            "rate",
            "clip",
            "precision");

    /**
     * @param set keys that replace those of the file
     * @throws IllegalArgumentException for an unknown key, one that is missing, or a value that is not allowed
     */
    public static Recipe read(Path file, Map<String, String> set) throws IOException {
        Properties given = new Properties();
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            given.load(reader);
        }
        Map<String, String> all = new TreeMap<>();
        given.stringPropertyNames().forEach(k -> all.put(k, given.getProperty(k).strip()));
        all.putAll(set);
        return RecipeStages.read(file, all);
    }

    /** The lines of {@link #identity()}, from a recipe's values. */
    static String identity(RecipeReader values) {
        StringBuilder text = new StringBuilder();
        for (String key : OF_IDENTITY) {
            text.append(key).append('=').append(values.text(key)).append(' ');
        }
        return text.toString().strip();
    }
}
