// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kernel;

import java.awt.Font;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.HorizontalBarChart;
import org.knowm.xchart.HorizontalBarChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;

/** Achieved / bound of every row that has a bound, a bar for each thread count. */
final class RatioPlot {
    private static final int BAR = 11; // pixels
    private static final int GAP = 8;
    private static final int MARGIN = 120;
    private static final int WIDTH = 900;
    private static final double MOST = 120; // a noisy bar ends here

    private RatioPlot() {}

    static void write(List<KernelRow> rows, String machine, Path file) throws IOException {
        Map<String, Map<Integer, Double>> ratios = new LinkedHashMap<>();
        List<Integer> threads = new ArrayList<>();
        for (KernelRow row : rows) {
            if (row.bound() == 0 || row.provider().equals("-")) continue;
            String label = row.kernel() + " " + row.format() + " " + row.memory() + " " + row.shape();
            ratios.computeIfAbsent(label, l -> new LinkedHashMap<>()).put(row.threads(), 100 * row.ratio());
            if (!threads.contains(row.threads())) threads.add(row.threads());
        }
        if (ratios.isEmpty()) throw new IOException("nothing to draw in " + file + ": no row has a bound");
        int each = BAR * threads.size() + GAP;
        HorizontalBarChart chart = new HorizontalBarChartBuilder()
                .width(WIDTH)
                .height(MARGIN + each * ratios.size())
                .title("Achieved of what is possible: " + machine)
                .xAxisTitle("% of bound")
                .build();
        chart.getStyler().setAvailableSpaceFill(0.8).setLabelsVisible(false);
        chart.getStyler().setXAxisMin(0.0).setXAxisMax(MOST).setXAxisTickMarkSpacingHint(GAP);
        chart.getStyler().setLegendPosition(LegendPosition.InsideSE);
        chart.getStyler().setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, BAR));
        List<String> labels = new ArrayList<>(ratios.keySet());
        for (int count : threads) {
            List<Double> values = new ArrayList<>();
            for (String label : labels)
                values.add(Math.min(MOST, ratios.get(label).getOrDefault(count, 0.0)));
            chart.addSeries(count + (count == 1 ? " thread" : " threads"), values, labels);
        }
        try (OutputStream to = Files.newOutputStream(file)) {
            ChartEncoder.saveChart(chart, to, "png");
        }
    }
}
