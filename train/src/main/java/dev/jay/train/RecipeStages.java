// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import java.nio.file.Path;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The stages of a recipe: each line {@code KEY@STEPS = VALUE} holds from that many steps on, until another does. */
final class RecipeStages {
    private static final Pattern KEY = Pattern.compile("([a-z-]+)@(\\d{1,8})");

    /** The shape, the data and what the optimiser remembers are the run's; these are a step's. */
    private static final Set<String> OF_A_STEP = Set.of(
            "echoes",
            "skills",
            "skills-alone",
            "skill-names",
            "skill-reach",
            "steps",
            "length",
            "batches",
            "schedule",
            "rate",
            "clip");

    private RecipeStages() {}

    static Recipe read(Path file, Map<String, String> given) {
        Map<String, String> values = new TreeMap<>();
        NavigableMap<Integer, Map<String, String>> changes = new TreeMap<>();
        given.forEach((key, value) -> {
            Matcher m = KEY.matcher(key);
            if (!m.matches()) {
                values.put(key, value);
                return;
            }
            if (!OF_A_STEP.contains(m.group(1))) {
                throw new IllegalArgumentException("recipe " + file + ": '" + key + "' is the same in the whole run;"
                        + " what may change on the way: " + new TreeSet<>(OF_A_STEP));
            }
            changes.computeIfAbsent(Integer.parseInt(m.group(2)), _ -> new TreeMap<>())
                    .put(m.group(1), value);
        });
        return staged(file, values, changes);
    }

    private static Recipe staged(
            Path file, Map<String, String> values, NavigableMap<Integer, Map<String, String>> changes) {
        Recipe first = new RecipeReader(file, values).read();
        NavigableMap<Integer, Recipe> later = new TreeMap<>();
        StringBuilder identity = new StringBuilder(first.identity());
        changes.forEach((from, change) -> {
            values.putAll(change);
            Recipe stage = new RecipeReader(file, values).read();
            Recipe.Steps s = stage.steps();
            if (s.length() != first.steps().length()) {
                throw new IllegalArgumentException("recipe " + file + ": the greatest length from step " + from
                        + " on is " + s.length() + ", allowed: that of the beginning, "
                        + first.steps().length());
            }
            later.put(from, stage);
            change.forEach((key, value) -> identity.append(' ')
                    .append(key)
                    .append('@')
                    .append(from)
                    .append('=')
                    .append(value));
        });
        Recipe whole = new Recipe(
                first.name(),
                first.seed(),
                first.texts(),
                first.shape(),
                first.steps(),
                first.watch(),
                later,
                identity.toString());
        if (!later.isEmpty() && later.lastKey() >= whole.count()) {
            throw new IllegalArgumentException("recipe " + file + ": something changes after step " + later.lastKey()
                    + ", and the run has " + whole.count());
        }
        return whole;
    }
}
