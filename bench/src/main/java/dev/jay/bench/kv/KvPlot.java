// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import java.awt.Color;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Quality over the bytes that are kept: a line for each of the methods with the largest areas, and one through the best of all.
 * What lies further up and to the left is better.
 */
final class KvPlot {
    private static final int WIDTH = 1000;
    private static final int HEIGHT = 600;
    private static final int MOST = 16; // methods

    private KvPlot() {}

    static void write(List<KvSummary> summaries, String title, Path file) throws IOException {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title(title)
                .xAxisTitle("bytes kept, % of f16's")
                .yAxisTitle("quality: mean of recall and perplexity, of f16's")
                .build();
        chart.getStyler().setXAxisLogarithmic(true).setYAxisMax(1.0);
        chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
        chart.getStyler().setMarkerSize(6);
        List<KvCurves> curves = KvCurves.of(summaries);
        for (KvCurves curve : curves.subList(0, Math.min(MOST, curves.size()))) {
            List<KvSummary> its = curve.points().stream()
                    .sorted(Comparator.comparingDouble(s -> s.any().keptShare()))
                    .toList();
            chart.addSeries(
                    curve.method(),
                    its.stream().map(s -> 100 * s.any().keptShare()).toList(),
                    its.stream().map(KvSummary::quality).toList());
        }
        front(chart, summaries);
        try (OutputStream to = Files.newOutputStream(file)) {
            ChartEncoder.saveChart(chart, to, "png");
        }
    }

    /** A line through what nothing of as few bytes does better than. */
    private static void front(XYChart chart, List<KvSummary> summaries) {
        List<KvSummary> front = KvChoice.front(summaries);
        if (front.isEmpty()) return;
        chart.addSeries(
                        "the best of all",
                        front.stream().map(s -> 100 * s.any().keptShare()).toList(),
                        front.stream().map(KvSummary::quality).toList())
                .setMarker(SeriesMarkers.NONE)
                .setLineColor(Color.BLACK);
    }
}
