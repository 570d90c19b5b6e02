// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kernel;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.style.Styler.LegendPosition;

/** Achieved / bound of every row that has a bound, a bar for each thread count. */
final class RatioPlot {
    private static final int BAR = 22; // pixels to a kernel and shape
    private static final int MARGIN = 160;
    private static final int HEIGHT = 900;

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
        CategoryChart chart = new CategoryChartBuilder()
                .width(MARGIN + BAR * ratios.size())
                .height(HEIGHT)
                .title("Achieved of what is possible: " + machine)
                .yAxisTitle("% of bound")
                .build();
        chart.getStyler().setXAxisLabelRotation(90).setYAxisMin(0.0).setLegendPosition(LegendPosition.InsideNE);
        List<String> labels = new ArrayList<>(ratios.keySet());
        for (int count : threads) {
            List<Double> values = new ArrayList<>();
            for (String label : labels) values.add(ratios.get(label).getOrDefault(count, 0.0));
            chart.addSeries(count + (count == 1 ? " thread" : " threads"), labels, values);
        }
        try (OutputStream to = Files.newOutputStream(file)) {
            ChartEncoder.saveChart(chart, to, "png");
        }
    }
}
