// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.report;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The losses of a run over its tokens, as a picture. */
public final class CurvePlot {
    private static final int WIDTH = 1000;
    private static final int HEIGHT = 600;
    private static final int MOST_POINTS = 1000; // more cannot be told apart: each is the mean of its share

    private CurvePlot() {}

    /** Nothing is drawn of no rows. */
    public static void write(List<Curves.Row> rows, String title, Path file) throws IOException {
        if (rows.isEmpty()) return;
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title(title)
                .xAxisTitle("tokens, in millions")
                .yAxisTitle("loss, nats a token")
                .build();
        chart.getStyler().setLegendPosition(LegendPosition.InsideNE);
        List<Double> tokens = new ArrayList<>();
        List<Double> losses = new ArrayList<>();
        int share = Math.ceilDiv(rows.size(), MOST_POINTS);
        for (int i = 0; i < rows.size(); i += share) {
            List<Curves.Row> some = rows.subList(i, Math.min(rows.size(), i + share));
            tokens.add(some.getLast().tokens() / 1e6);
            losses.add(some.stream().mapToDouble(Curves.Row::loss).average().orElseThrow());
        }
        chart.addSeries("training", tokens, losses).setMarker(SeriesMarkers.NONE);
        List<Curves.Row> looks =
                rows.stream().filter(r -> !Double.isNaN(r.validLoss())).toList();
        if (!looks.isEmpty()) {
            chart.addSeries(
                    "held out",
                    looks.stream().map(r -> r.tokens() / 1e6).toList(),
                    looks.stream().map(Curves.Row::validLoss).toList());
        }
        try (OutputStream to = Files.newOutputStream(file)) {
            ChartEncoder.saveChart(chart, to, "png");
        }
    }
}
