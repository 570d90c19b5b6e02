// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.tiny;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;

/** The share of right answers over the tokens that were read, a line for each skill. */
final class RecallPlot {
    private static final int WIDTH = 900;
    private static final int HEIGHT = 550;

    private RecallPlot() {}

    static void write(List<TinyBench.Row> rows, String title, Path file) throws IOException {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title(title)
                .xAxisTitle("tokens read")
                .yAxisTitle("answered exactly")
                .build();
        chart.getStyler().setXAxisLogarithmic(true).setYAxisMin(0.0).setYAxisMax(1.0);
        chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
        for (String skill : rows.stream().map(TinyBench.Row::skill).distinct().toList()) {
            List<TinyBench.Row> its =
                    rows.stream().filter(r -> r.skill().equals(skill)).toList();
            chart.addSeries(
                    skill,
                    its.stream().map(TinyBench.Row::length).toList(),
                    its.stream().map(TinyBench.Row::share).toList());
        }
        try (OutputStream to = Files.newOutputStream(file)) {
            ChartEncoder.saveChart(chart, to, "png");
        }
    }
}
