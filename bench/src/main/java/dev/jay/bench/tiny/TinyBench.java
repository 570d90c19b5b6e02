// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.tiny;

import dev.jay.bench.Misuse;
import dev.jay.bench.SkillAnswers;
import dev.jay.engine.Model;
import dev.jay.train.skill.Skill;
import dev.jay.train.skill.SkillExam;
import dev.jay.train.skill.Skills;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** What a small model that Jay trained can do: recall by length, stories, bits a byte of held-out text. */
@Command(
        name = "tiny",
        mixinStandardHelpOptions = true,
        description = "How well a model recalls what stands in its context, by skill and length, and how many bits a"
                + " byte of text costs it. Names, values and seeds are held out from training; facts stand at even"
                + " depths; answers are greedy and compared exactly.",
        footer = {
            "",
            "Examples:",
            "  jay bench tiny jay-tiny-q8_0.gguf --plot recall.png",
            "  jay bench tiny jay-tiny-q8_0.gguf --text valid.txt.gz --baseline plain-q8_0.gguf --json"
        })
public final class TinyBench implements Callable<Integer> {
    /**
     * @param length tokens read, at most
     * @param right  of so many items
     */
    record Row(String skill, int length, int items, int right) {
        double share() {
            return (double) right / items;
        }
    }

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "MODEL", description = "The model's file.")
    private Path model;

    @Option(
            names = "--skills",
            split = ",",
            defaultValue = "needle,key-value,last-write,story,conversation",
            description = "An unknown one lists all (${DEFAULT-VALUE}).")
    private List<String> skills;

    @Option(
            names = "--lengths",
            split = ",",
            defaultValue = "128,256,512,1024,1984",
            description = "Tokens to read, at most; those beyond the model's context are left out (${DEFAULT-VALUE}).")
    private List<Integer> lengths;

    @Option(names = "--items", defaultValue = "500", description = "Questions of a skill and length (500).")
    private int items;

    @Option(names = "--facts", defaultValue = "32", description = "Facts to choose from, at most (32).")
    private int facts;

    @Option(names = "--seed", defaultValue = "34", description = "The same seed asks the same questions (34).")
    private long seed;

    @Option(names = "--text", split = ",", description = "Held-out texts, as for jay train: bits a byte (none).")
    private List<Path> texts = List.of();

    @Option(
            names = "--text-characters",
            defaultValue = "100000",
            description = "Of the beginning of each text (100000).")
    private int characters;

    @Option(names = "--baseline", description = "Another model, for the bits a byte alone (none).")
    private Path baseline;

    @Option(names = "--plot", description = "A picture (PNG) of the recall.")
    private Path plot;

    @Option(names = "--json", description = "One JSON object.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        return Misuse.told(spec, this::measure);
    }

    private void measure() throws IOException {
        List<Skill> asked = skills.stream().map(Skills.ALL::make).toList();
        if (items < 1 || facts < 1) {
            throw new IllegalArgumentException("items=" + items + ", facts=" + facts + ", wanted: 1 or more");
        }
        String text = TextBits.beginnings(texts, characters);
        List<Row> rows = new ArrayList<>();
        Map<String, Double> bits = new LinkedHashMap<>();
        try (Model opened = Model.open(model)) {
            for (int i = 0; i < asked.size(); i++) {
                for (int length : lengths) {
                    if (length > SkillExam.longest(opened.contextLength())) continue;
                    rows.add(new Row(skills.get(i), length, items, right(opened, asked.get(i), length)));
                    if (!json) print(rows.getLast());
                }
            }
            if (!text.isEmpty()) bits.put("model", TextBits.of(opened, text));
        }
        if (!text.isEmpty()) bits.put("deflate", TextBits.ofDeflate(text));
        if (!text.isEmpty() && baseline != null) {
            try (Model other = Model.open(baseline)) {
                bits.put("baseline", TextBits.of(other, text));
            }
        }
        if (json) System.out.println(object(rows, bits));
        else bits.forEach((of, value) -> System.out.printf(Locale.ROOT, "bits a byte, %s: %.4f%n", of, value));
        if (plot != null && !rows.isEmpty()) {
            RecallPlot.write(rows, model.getFileName() + ", " + facts + " facts at most", plot);
        }
    }

    private int right(Model opened, Skill skill, int length) {
        return new SkillExam(seed, items, facts).right(skill, opened.tokenizer(), length, new SkillAnswers(opened));
    }

    private static void print(Row row) {
        System.out.printf(
                Locale.ROOT,
                "%-14s %6d tokens %4d of %d %6.3f%n",
                row.skill,
                row.length,
                row.right,
                row.items,
                row.share());
    }

    private ObjectNode object(List<Row> rows, Map<String, Double> bits) {
        ObjectNode root = JsonMapper.shared().createObjectNode();
        root.put("model", model.getFileName().toString()).put("seed", seed).put("facts", facts);
        for (Row row : rows) {
            root.withArray("recall")
                    .addObject()
                    .put("skill", row.skill)
                    .put("length", row.length)
                    .put("items", row.items)
                    .put("right", row.right)
                    .put("share", row.share());
        }
        ObjectNode costs = root.putObject("bitsPerByte");
        bits.forEach(costs::put);
        return root;
    }
}
