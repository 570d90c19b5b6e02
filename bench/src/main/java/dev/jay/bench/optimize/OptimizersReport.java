// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.optimize;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The rows as a table, and their losses as a picture. */
final class OptimizersReport {
    private static final String BEGIN = "<!-- optimizers: written by jay bench optimizers -->";
    private static final String END = "<!-- /optimizers -->";
    private static final int POINTS = 150; // a line's

    private OptimizersReport() {}

    static String line(OptimizersBench.Row r) {
        return String.format(
                Locale.ROOT,
                "%-12s rate %-8.4g held-out %.4f nats a byte, state %d bytes (in the books %d), step %.1f ms",
                r.name(),
                r.rate(),
                r.loss(),
                r.state(),
                r.counted(),
                r.step() * 1e3);
    }

    static void print(List<OptimizersBench.Row> rows) {
        System.out.print(table(rows));
    }

    private static OptimizersBench.Row named(List<OptimizersBench.Row> rows, String name) {
        return rows.stream().filter(r -> r.name().equals(name)).findFirst().orElse(rows.getFirst());
    }

    private static String table(List<OptimizersBench.Row> rows) {
        OptimizersBench.Row adam = named(rows, "adamw");
        OptimizersBench.Row sgd = named(rows, "sgd");
        StringBuilder text = new StringBuilder(
                "| optimiser | rate | held-out, nats a byte | beside AdamW | state | of AdamW's | peak | of the plan |"
                        + " step | of SGD's |\n"
                        + "|---|---|---|---|---|---|---|---|---|---|\n");
        for (OptimizersBench.Row r : rows) {
            text.append(String.format(
                    Locale.ROOT,
                    "| %s | %.4g | %s | %+.1f %% | %.2f MiB | %.3f | %.2f MiB | %.3f | %.1f ms | %.2f |%n",
                    r.name(),
                    r.rate(),
                    losses(r),
                    100 * (r.loss() / adam.loss() - 1),
                    r.state() / 1048576.0,
                    (double) r.state() / adam.state(),
                    r.peak() / 1048576.0,
                    (double) r.peak() / r.planned(),
                    r.step() * 1e3,
                    r.step() / sgd.step()));
        }
        return text.toString();
    }

    /** The mean, and what it is of. */
    private static String losses(OptimizersBench.Row r) {
        String mean = String.format(Locale.ROOT, "%.4f", r.loss());
        if (r.bySeed().length == 1) return mean;
        return mean
                + Arrays.stream(r.bySeed())
                        .mapToObj(l -> String.format(Locale.ROOT, "%.4f", l))
                        .collect(Collectors.joining(", ", " (", ")"));
    }

    /** Replaces what it wrote before, or adds it at the end. */
    static void write(List<OptimizersBench.Row> rows, String title, Path docs) throws IOException {
        Path numbers = docs.resolve("numbers.md");
        String before = Files.readString(numbers);
        String section = BEGIN + "\n\n**" + title + "**\n\n" + table(rows) + "\n![losses](optimizers.png)\n\n" + END;
        int from = before.indexOf(BEGIN);
        int to = before.indexOf(END);
        String after = from < 0 || to < from
                ? before + "\n## Optimisers\n\n" + section + "\n"
                : before.substring(0, from) + section + before.substring(to + END.length());
        Files.writeString(numbers, after);
        draw(rows, title, docs.resolve("optimizers.png"));
    }

    private static void draw(List<OptimizersBench.Row> rows, String title, Path file) throws IOException {
        XYChart chart = new XYChartBuilder()
                .width(900)
                .height(550)
                .title(title)
                .xAxisTitle("step")
                .yAxisTitle("loss, nats a byte")
                .build();
        chart.getStyler().setLegendPosition(LegendPosition.InsideNE);
        for (OptimizersBench.Row r : rows) {
            int each = Math.max(1, r.losses().length / POINTS);
            int points = r.losses().length / each;
            double[] steps =
                    IntStream.range(0, points).mapToDouble(i -> (i + 1) * each).toArray();
            double[] means = IntStream.range(0, points)
                    .mapToDouble(i -> IntStream.range(i * each, (i + 1) * each)
                            .mapToDouble(j -> r.losses()[j])
                            .average()
                            .orElseThrow())
                    .toArray();
            chart.addSeries(r.name(), steps, means).setMarker(SeriesMarkers.NONE);
        }
        try (OutputStream to = Files.newOutputStream(file)) {
            ChartEncoder.saveChart(chart, to, "png");
        }
    }
}
