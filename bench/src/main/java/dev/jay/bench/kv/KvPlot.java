// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.bench.kv.KvJudge.Row;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.style.Styler.LegendPosition;

/** Quality over bytes, a mark for each recipe and task: what lies further up and to the left is better. */
final class KvPlot {
    private static final int WIDTH = 1000;
    private static final int HEIGHT = 600;

    private KvPlot() {}

    static void write(List<Row> rows, String title, Path file) throws IOException {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title(title)
                .xAxisTitle("bytes of keys and values, % of f16's")
                .yAxisTitle("quality, of f16's")
                .build();
        chart.getStyler().setDefaultSeriesRenderStyle(XYSeriesRenderStyle.Scatter);
        chart.getStyler().setYAxisMin(0.0);
        chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
        for (String recipe : rows.stream().map(Row::recipe).distinct().toList()) {
            List<Row> its = rows.stream()
                    .filter(r -> r.recipe().equals(recipe) && Double.isFinite(r.quality()))
                    .toList();
            if (its.isEmpty()) continue;
            chart.addSeries(
                    recipe,
                    its.stream().map(r -> 100.0 * r.bytes() / r.fullBytes()).toList(),
                    its.stream().map(Row::quality).toList());
        }
        try (OutputStream to = Files.newOutputStream(file)) {
            ChartEncoder.saveChart(chart, to, "png");
        }
    }
}
