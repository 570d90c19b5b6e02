// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.report;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How a run went, a row for each step, in a CSV file that grows with it. */
public final class Curves implements AutoCloseable {
    private static final String HEAD = "step,loss,norm,rate,tokens,seconds,valid_loss,valid_bits_per_byte";

    /**
     * @param loss      of a step, mean of its targets, in nats
     * @param tokens    trained on since the beginning
     * @param seconds   spent on steps since the beginning
     * @param validLoss mean of the valid texts' tokens, in nats; NaN where nobody looked
     * @param validBits of a byte of the valid texts; NaN where nobody looked
     */
    public record Row(
            int step,
            double loss,
            double norm,
            double rate,
            long tokens,
            double seconds,
            double validLoss,
            double validBits) {
        private String line() {
            String valid =
                    Double.isNaN(validLoss) ? "," : String.format(Locale.ROOT, "%.6f,%.6f", validLoss, validBits);
            return String.format(
                    Locale.ROOT, "%d,%.6f,%.6f,%.8f,%d,%.3f,%s", step, loss, norm, rate, tokens, seconds, valid);
        }

        private static Row of(String line) {
            String[] f = line.split(",", -1);
            return new Row(
                    Integer.parseInt(f[0]),
                    Double.parseDouble(f[1]),
                    Double.parseDouble(f[2]),
                    Double.parseDouble(f[3]),
                    Long.parseLong(f[4]),
                    Double.parseDouble(f[5]),
                    f[6].isEmpty() ? Double.NaN : Double.parseDouble(f[6]),
                    f[7].isEmpty() ? Double.NaN : Double.parseDouble(f[7]));
        }
    }

    private final List<Row> rows = new ArrayList<>();
    private final BufferedWriter out;

    /**
     * Goes on with the rows that are there, up to a step; what a run that was killed wrote behind it is cut off.
     *
     * @throws IOException if the file is there and none of ours
     */
    public Curves(Path file, int step) throws IOException {
        if (Files.exists(file)) {
            List<String> lines = Files.readAllLines(file);
            for (int i = 1; i < lines.size(); i++) {
                Row row;
                try {
                    row = Row.of(lines.get(i));
                } catch (RuntimeException e) {
                    if (i == lines.size() - 1) break; // cut short by a kill
                    throw new IOException("curves " + file + ", line " + (i + 1) + ": " + lines.get(i), e);
                }
                if (row.step <= step) rows.add(row);
            }
        }
        out = Files.newBufferedWriter(
                file, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING);
        out.write(HEAD);
        out.newLine();
        for (Row row : rows) write(row);
        out.flush();
    }

    private void write(Row row) throws IOException {
        out.write(row.line());
        out.newLine();
    }

    public void add(Row row) throws IOException {
        rows.add(row);
        write(row);
        out.flush();
    }

    public List<Row> rows() {
        return List.copyOf(rows);
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
