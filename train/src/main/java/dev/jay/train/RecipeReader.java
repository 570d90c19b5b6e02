// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.tensor.kernel.Precision;
import dev.jay.train.optimize.Optimizers;
import dev.jay.train.optimize.Schedules;
import dev.jay.train.skill.Skills;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The values of one recipe, checked as they are read. */
final class RecipeReader {
    private static final int MOST = 1 << 24; // of any count: beyond it something was mistyped

    private static final Pattern LENGTH = Pattern.compile("(\\d{1,7})(?:@(\\d{1,8}))?");
    private static final String LENGTHS =
            "a number of tokens, or some with the steps before them, as 128,512@4000, each a divisor of the greatest";

    private final Path file;
    private final Map<String, String> known;
    private final Map<String, String> given;

    RecipeReader(Path file, Map<String, String> given) {
        this(file, Recipe.KEYS, given);
    }

    /** @param known every key with what holds if it is not given */
    RecipeReader(Path file, Map<String, String> known, Map<String, String> given) {
        this.file = file;
        this.known = known;
        this.given = given;
        for (String key : given.keySet()) {
            if (!known.containsKey(key)) {
                throw new IllegalArgumentException(
                        "recipe " + file + ": unknown key '" + key + "', known=" + new TreeSet<>(known.keySet()));
            }
        }
    }

    Recipe read() {
        Recipe.Shape shape = new Recipe.Shape(
                count("width", 1),
                count("layers", 1),
                count("heads", 1),
                count("kv-heads", 1),
                count("head-width", 2),
                count("ffn", 1),
                count("context", 2),
                real("rope-base", 1));
        if (shape.heads() % shape.kvHeads() != 0) {
            throw wrong("kv-heads", "a divisor of heads, " + shape.heads());
        }
        if (shape.headWidth() % 2 != 0) throw wrong("head-width", "an even number");
        Recipe.Steps steps = new Recipe.Steps(
                count("steps", 1),
                count("sequences", 1),
                lengths(),
                count("batches", 1),
                text("optimizer"),
                text("schedule"),
                real("rate", 0),
                real("clip", 0),
                oneOf("precision", Precision.class),
                oneOf("recompute", Recipe.Choice.class),
                oneOf("offload", Recipe.Choice.class));
        checkOffload();
        if (steps.length() > shape.context()) throw wrong("length", "at most the context, " + shape.context());
        if (steps.tokens() > MOST) throw wrong("batches", "at most " + MOST + " tokens a step");
        Optimizers.ALL.make(steps.optimizer());
        Schedules.ALL.make(steps.schedule());
        Recipe.Watch watch = new Recipe.Watch(
                count("valid-every", 0),
                count("valid-batches", 1),
                count("patience", 0),
                count("checkpoint-every", 0),
                count("checkpoint-minutes", 0),
                count("sample-every", 0),
                count("sample-tokens", 1),
                Arrays.stream(text("prompts").split("\\|")).toList());
        String name = text("name");
        if (!name.matches("[A-Za-z0-9._-]{1,80}")) throw wrong("name", "letters, digits, '.', '_' and '-'");
        List<Path> tokenizer = paths("tokenizer");
        if (tokenizer.size() != 1) throw wrong("tokenizer", "one file");
        List<Path> start = paths("start");
        if (start.size() > 1) throw wrong("start", "one file, or '-' for none");
        Recipe.Texts texts = new Recipe.Texts(
                tokenizer.getFirst(),
                start.stream().findFirst(),
                paths("data"),
                paths("valid"),
                part("echoes"),
                part("skills"),
                count("skills-alone", 0),
                skillNames(),
                reach());
        return new Recipe(name, number("seed"), texts, shape, steps, watch, new TreeMap<>(), Recipe.identity(this));
    }

    String text(String key) {
        String value = given.getOrDefault(key, known.get(key));
        if (value.isEmpty())
            throw new IllegalArgumentException("recipe " + file + ": the key '" + key + "' is missing");
        return value;
    }

    /** Both cannot be had. */
    void checkOffload() {
        boolean both = oneOf("recompute", Recipe.Choice.class) == Recipe.Choice.YES
                && oneOf("offload", Recipe.Choice.class) == Recipe.Choice.YES;
        if (both) throw wrong("offload", "not yes where recompute is");
    }

    List<Path> paths(String key) {
        String value = text(key);
        if (value.equals("-")) return List.of();
        Path folder = file.toAbsolutePath().getParent();
        return Arrays.stream(value.split(","))
                .map(String::strip)
                .filter(name -> !name.isEmpty())
                .map(folder::resolve)
                .toList();
    }

    /** Such as 1024, or 128,512@4000: 512 once 4000 steps were taken. */
    private NavigableMap<Integer, Integer> lengths() {
        NavigableMap<Integer, Integer> lengths = new TreeMap<>();
        for (String part : text("length").split(",")) {
            Matcher m = LENGTH.matcher(part.strip());
            if (!m.matches()) throw wrong("length", LENGTHS);
            int from = m.group(2) == null ? 0 : Integer.parseInt(m.group(2));
            if (lengths.put(from, Integer.parseInt(m.group(1))) != null) throw wrong("length", LENGTHS);
        }
        int most = Collections.max(lengths.values());
        if (lengths.firstKey() != 0 || lengths.values().stream().anyMatch(n -> n < 2 || most % n != 0)) {
            throw wrong("length", LENGTHS);
        }
        return lengths;
    }

    private double reach() {
        double reach = part("skill-reach");
        if (reach == 0 || reach == 1) throw wrong("skill-reach", "a number between 0 and 1");
        return reach;
    }

    private List<String> skillNames() {
        List<String> names =
                Arrays.stream(text("skill-names").split(",")).map(String::strip).toList();
        names.forEach(Skills.ALL::make);
        return names;
    }

    <E extends Enum<E>> E oneOf(String key, Class<E> kind) {
        String value = text(key).toUpperCase(Locale.ROOT);
        for (E e : kind.getEnumConstants()) if (e.name().equals(value)) return e;
        throw wrong(key, Arrays.toString(kind.getEnumConstants()).toLowerCase(Locale.ROOT));
    }

    long number(String key) {
        try {
            return Long.parseLong(text(key));
        } catch (NumberFormatException e) {
            throw wrong(key, "a whole number");
        }
    }

    int count(String key, int least) {
        long value = number(key);
        if (value < least || value > MOST) throw wrong(key, "a whole number from " + least + " to " + MOST);
        return (int) value;
    }

    double part(String key) {
        try {
            double value = Double.parseDouble(text(key));
            if (value >= 0 && value <= 1) return value;
        } catch (NumberFormatException e) {
            throw wrong(key, "a number from 0 to 1");
        }
        throw wrong(key, "a number from 0 to 1");
    }

    double real(String key, double above) {
        try {
            double value = Double.parseDouble(text(key));
            if (value > above && value < 1e12) return value;
        } catch (NumberFormatException e) {
            throw wrong(key, "a number above " + above);
        }
        throw wrong(key, "a number above " + above);
    }

    IllegalArgumentException wrong(String key, String allowed) {
        return new IllegalArgumentException(
                "recipe " + file + ": " + key + " = " + text(key) + ", allowed: " + allowed);
    }
}
