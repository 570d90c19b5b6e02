// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.engine.Generation;
import dev.jay.engine.Model;
import dev.jay.engine.Request;
import dev.jay.engine.sample.Sampling;
import dev.jay.train.skill.Skill;
import dev.jay.train.skill.SkillExam;
import dev.jay.train.skill.Skills;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

@Command(
        name = "eval",
        description = "Ask a model made-up questions whose answers stand in what it reads: how many it gets exactly.",
        footer = {
            "",
            "Names and numbers are drawn by the seed, from names that 'jay train' never trains on; depth is even.",
            "Answers are greedy and compared as they stand, white space around them aside.",
            "",
            "Examples:",
            "  jay eval model.gguf",
            "  jay eval model.gguf --skills needle,key-value --lengths 1024,2048 --items 500 --json"
        })
final class EvalCommand implements Callable<Integer> {
    private static final int DEFAULT_ITEMS = 50;
    private static final int DEFAULT_FACTS = 32;

    private final Shell shell;

    @Mixin
    private ModelArguments model;

    @Option(names = "--skills", paramLabel = "S", split = ",", description = "Which; an unknown one lists all (all).")
    private List<String> skills;

    @Option(
            names = "--lengths",
            paramLabel = "N",
            split = ",",
            converter = Values.Count.class,
            description = "Tokens to read, at most (256,512,1024, as far as the context allows).")
    private List<Integer> lengths;

    @Option(
            names = "--items",
            paramLabel = "N",
            converter = Values.Count.class,
            description = "Questions of a skill and length (50).")
    private Integer items;

    @Option(
            names = "--facts",
            paramLabel = "N",
            converter = Values.Count.class,
            description = "Facts to choose from, at most (32).")
    private Integer facts;

    @Option(names = "--seed", paramLabel = "S", description = "The same seed asks the same questions (1).")
    private Long seed;

    @Option(names = "--json", description = "One JSON object.")
    private boolean json;

    EvalCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        List<String> names = skills == null ? List.copyOf(Skills.ALL.names()) : skills;
        for (String name : names) Skills.ALL.make(name);
        ObjectNode root = JsonMapper.shared().createObjectNode();
        ArrayNode rows = root.putArray("rows");
        try (Model opened = model.open(shell);
                Progress progress = new Progress(shell)) {
            List<Integer> all = lengths(opened);
            int done = 0;
            for (String name : names) {
                for (int length : all) {
                    int right = right(opened, Skills.ALL.make(name), length);
                    if (shell.interrupts().isInterrupted()) return ExitCode.INTERRUPTED.code();
                    progress.at(++done, (long) names.size() * all.size(), name + " " + length);
                    row(rows, name, length, right);
                }
            }
        }
        if (json) shell.out().line(root.toString());
        return ExitCode.OK.code();
    }

    private List<Integer> lengths(Model opened) {
        int most = SkillExam.longest(opened.contextLength());
        if (lengths == null) {
            List<Integer> fit =
                    List.of(256, 512, 1024).stream().filter(n -> n <= most).toList();
            return fit.isEmpty() ? List.of(most) : fit;
        }
        for (int n : lengths) {
            if (n <= most) continue;
            throw new CommandException(
                    ExitCode.USAGE, "--lengths: got " + n + ", allowed: 1 to " + most + " with this model's context");
        }
        return lengths;
    }

    private int items() {
        return items == null ? DEFAULT_ITEMS : items;
    }

    private int right(Model opened, Skill skill, int length) {
        SkillExam exam = new SkillExam(seed == null ? 1 : seed, items(), facts == null ? DEFAULT_FACTS : facts);
        return exam.right(skill, opened.tokenizer(), length, (prompt, _, most) -> {
            if (shell.interrupts().isInterrupted()) return "";
            Request request = Request.of(prompt)
                    .withSampling(Sampling.GREEDY)
                    .withMaxTokens(most)
                    .withStops("\n");
            try (Generation generation = opened.generate(request);
                    Interrupts.Scope scope = shell.interrupts().during(generation::cancel)) {
                return generation.text();
            }
        });
    }

    private void row(ArrayNode rows, String name, int length, int right) {
        double share = right / (double) items();
        rows.addObject()
                .put("skill", name)
                .put("length", length)
                .put("items", items())
                .put("right", right)
                .put("share", share);
        if (!json) {
            shell.out()
                    .line(String.format(
                            Locale.ROOT, "%-14s %6d tokens %4d of %d %6.3f", name, length, right, items(), share));
        }
    }
}
