// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.bench.kv.KvJudge.Cell;
import dev.jay.bench.kv.KvJudge.Score;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;

/** A run in words: Markdown, for people and for docs. Shares of f16's where nothing else is said. */
final class KvReport {
    private static final int CURVES = 12; // the largest areas
    private static final int RECIPES = 40; // of a table

    private final KvRun run;
    private final KvRun.Outcome outcome;
    private final List<KvEffects> ofKeys;
    private final List<KvSummary> summaries;
    private final List<String> lines = new ArrayList<>();

    /** @param ofKeys what was seen of the model's keys; may be empty */
    KvReport(KvRun run, KvRun.Outcome outcome, List<KvEffects> ofKeys) {
        this.run = run;
        this.ofKeys = ofKeys;
        this.outcome = outcome;
        this.summaries = KvSummary.of(outcome.rows());
    }

    String text() {
        full();
        judged();
        front();
        curves();
        effects();
        return String.join("\n", lines) + "\n";
    }

    private void full() {
        KvJudge judge = run.judge();
        lines.add(String.format(
                Locale.ROOT,
                "%d recipes at %d tokens, seed %d%s. Energy: %s.",
                summaries.size(),
                judge.length(),
                run.seed(),
                outcome.left().isEmpty()
                        ? ""
                        : "; no time for " + outcome.left().size() + " more",
                new Energy().isTold() ? "by RAPL" : "not available on this machine"));
        lines.add("");
        Map<String, StringBuilder> byTask = new LinkedHashMap<>();
        Set<String> modes = new LinkedHashSet<>();
        for (Cell cell : outcome.full().keySet()) modes.add(cell.mode());
        for (Cell cell : outcome.full().keySet()) byTask.putIfAbsent(cell.task(), new StringBuilder());
        for (Map.Entry<String, StringBuilder> task : byTask.entrySet()) {
            for (String mode : modes) {
                Score score = outcome.full().get(new Cell(task.getKey(), mode));
                task.getValue().append(" | ").append(score == null ? "" : share(score, mode));
            }
        }
        lines.add("| f16 itself | " + String.join(" | ", modes) + " |");
        lines.add("|---|" + "---|".repeat(modes.size()));
        byTask.forEach((task, cells) -> lines.add("| " + task + cells + " |"));
        lines.add("");
    }

    private static String share(Score score, String mode) {
        if (mode.equals("text")) return number(score.score()) + " nats a token";
        return score.score() == 0 ? "f16 itself: 0" : number(score.score()) + " of " + score.asked();
    }

    private static String number(double value) {
        return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.3f", value);
    }

    private static String number(OptionalDouble value) {
        return value.isEmpty() ? "-" : number(value.getAsDouble());
    }

    private void judged() {
        if (outcome.judged().isEmpty()) return;
        lines.add("Chosen for each budget by seed " + run.seed() + ", judged once by seed " + run.judgeSeed() + ":");
        lines.add("");
        head("budget | ", "quality, seed " + run.seed() + " | ");
        List<KvSummary> judged = KvSummary.of(outcome.judged());
        KvChoice.of(summaries, run.judge().budgets())
                .forEach((budget, chosen) -> judged.stream()
                        .filter(s -> s.recipe().equals(chosen.recipe()))
                        .forEach(s ->
                                lines.add(line(s, percent(budget / 100) + " | ", number(chosen.quality()) + " | "))));
        lines.add("");
    }

    private void head(String before, String more) {
        lines.add("| " + before + "recipe | kept | peak | " + more
                + "quality | worst | perplexity | recall | " + String.join(" | ", modes())
                + " | decode | prefill |");
        int columns = 9 + modes().size() + (before.isEmpty() ? 0 : 1) + (more.isEmpty() ? 0 : 1);
        lines.add("|" + "---|".repeat(columns));
    }

    private List<String> modes() {
        return run.judge().cells().stream().map(Cell::mode).distinct().toList();
    }

    private String line(KvSummary s, String before, String more) {
        StringBuilder line = new StringBuilder("| " + before + "`" + s.recipe() + "` | ");
        line.append(percent(s.any().keptShare())).append(" | ");
        line.append(percent(s.any().share())).append(" | ").append(more);
        line.append(number(s.quality())).append(" | ").append(number(s.worst())).append(" | ");
        line.append(number(s.perplexity()))
                .append(" | ")
                .append(number(s.recall()))
                .append(" | ");
        for (String mode : modes()) line.append(number(s.recall(mode))).append(" | ");
        line.append(ratio(s.any().decodeRatio())).append(" | ");
        return line.append(ratio(s.any().prefillRatio())).append(" |").toString();
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }

    private static String ratio(double value) {
        return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.2f", value);
    }

    private void front() {
        lines.add("By quality, seed " + run.seed() + ":");
        lines.add("");
        head("", "");
        summaries.stream()
                .filter(s -> Double.isFinite(s.quality()))
                .sorted(Comparator.comparingDouble(KvSummary::quality).reversed())
                .limit(RECIPES)
                .forEach(s -> lines.add(line(s, "", "")));
        lines.add("");
    }

    private void curves() {
        lines.add("Areas under quality over bytes, 6 to 100 % of f16's, each doubling alike:");
        lines.add("");
        lines.add("| method | by bytes kept | by bytes at the peak |");
        lines.add("|---|---|---|");
        for (KvCurves curve : KvCurves.of(summaries).stream().limit(CURVES).toList()) {
            lines.add("| `" + curve.method() + "` | " + number(curve.area()) + " | " + number(curve.peakArea()) + " |");
        }
        lines.add("");
    }

    private void effects() {
        List<KvEffects> effects = new ArrayList<>(ofKeys);
        effects.addAll(KvEffects.of(summaries));
        if (effects.isEmpty()) return;
        lines.add("| published | recipe | here | shown |");
        lines.add("|---|---|---|---|");
        for (KvEffects e : effects) {
            lines.add("| " + e.effect() + " | `" + e.recipe() + "` | " + e.figure() + " | "
                    + (e.isShown() ? "yes" : "no") + " |");
        }
    }
}
