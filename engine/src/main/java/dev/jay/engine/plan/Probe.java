// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.zip.CRC32;

/**
 * What a machine can do, as it was measured; see {@link MachineProbe}.
 *
 * @param machine        the CPU, its kernels and how many threads: figures hold for these alone
 * @param diskRates      bytes a second of one large read after another, past the page cache, by where files lie
 * @param vectorRates    bytes a second of a matrix times one row, by the format of the matrix
 * @param matrixRates    operations a second that rows add to a matrix times many rows
 * @param panelRates     weights a second that are made ready for many rows, however many
 * @param inputRates     values of rows a second that are brought into the form that a product of the format takes
 * @param outputRates    values a second that come out of one, beside their products
 * @param attentionRate  bytes a second of keys and values read by attention of one token
 * @param attentionFlops operations a second of attention of many tokens
 * @param attentionKeys  keys that would take as long as what each of many queries takes beside those it attends to
 * @param layerSeconds   of a decode step's layer beside all that: norms, and threads that wait for each other
 * @param rowRate        values a second that norms, turns, additions and activations go over where rows are many
 */
public record Probe(
        String machine,
        Map<String, Double> diskRates,
        Map<String, Double> vectorRates,
        Map<String, Double> matrixRates,
        Map<String, Double> panelRates,
        Map<String, Double> inputRates,
        Map<String, Double> outputRates,
        double attentionRate,
        double attentionFlops,
        double attentionKeys,
        double layerSeconds,
        double rowRate) {
    private static final int VERSION = 4;

    /** Lines of a name and a value, the last a checksum of those before. */
    public String text() {
        StringBuilder lines = new StringBuilder();
        lines.append("version ").append(VERSION).append('\n');
        lines.append("machine ").append(machine).append('\n');
        append(lines, "disk.", diskRates);
        append(lines, "vector.", vectorRates);
        append(lines, "matrix.", matrixRates);
        append(lines, "panel.", panelRates);
        append(lines, "input.", inputRates);
        append(lines, "output.", outputRates);
        lines.append("attention ").append(attentionRate).append('\n');
        lines.append("attention-flops ").append(attentionFlops).append('\n');
        lines.append("attention-keys ").append(attentionKeys).append('\n');
        lines.append("layer ").append(layerSeconds).append('\n');
        lines.append("rows ").append(rowRate).append('\n');
        return lines + "crc " + crc(lines.toString()) + "\n";
    }

    private static void append(StringBuilder lines, String prefix, Map<String, Double> rates) {
        new TreeMap<>(rates)
                .forEach((name, value) -> lines.append(prefix)
                        .append(name)
                        .append(' ')
                        .append(value)
                        .append('\n'));
    }

    private static long crc(String text) {
        CRC32 crc = new CRC32();
        crc.update(text.getBytes(StandardCharsets.UTF_8));
        return crc.getValue();
    }

    /** What {@link #text} wrote of this machine; empty if it is another's, another version's, or damaged. */
    public static Optional<Probe> parse(String text, String machine) {
        int last = text.lastIndexOf("crc ");
        if (last < 0 || !text.substring(last).equals("crc " + crc(text.substring(0, last)) + "\n")) {
            return Optional.empty();
        }
        Map<String, String> values = new TreeMap<>();
        for (String line : text.substring(0, last).split("\n")) {
            int space = line.indexOf(' ');
            if (space < 0) return Optional.empty();
            values.put(line.substring(0, space), line.substring(space + 1));
        }
        if (!String.valueOf(VERSION).equals(values.get("version")) || !machine.equals(values.get("machine"))) {
            return Optional.empty();
        }
        try {
            return Optional.of(new Probe(
                    machine,
                    rates(values, "disk."),
                    rates(values, "vector."),
                    rates(values, "matrix."),
                    rates(values, "panel."),
                    rates(values, "input."),
                    rates(values, "output."),
                    rate(values.getOrDefault("attention", "")),
                    rate(values.getOrDefault("attention-flops", "")),
                    rate(values.getOrDefault("attention-keys", "")),
                    rate(values.getOrDefault("layer", "")),
                    rate(values.getOrDefault("rows", ""))));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static Map<String, Double> rates(Map<String, String> values, String prefix) {
        Map<String, Double> rates = new TreeMap<>();
        values.forEach((name, value) -> {
            if (name.startsWith(prefix)) rates.put(name.substring(prefix.length()), rate(value));
        });
        return rates;
    }

    private static double rate(String text) {
        double value = Double.parseDouble(text);
        if (!(value > 0) || Double.isInfinite(value)) throw new NumberFormatException("no rate: " + text);
        return value;
    }

    /** Bytes a second at which memory is read: as the fastest of the formats is. */
    public double memoryRate() {
        return vectorRates.values().stream()
                .mapToDouble(Double::doubleValue)
                .max()
                .orElse(0);
    }

    /** The same with other rates of these formats. */
    public Probe withVectorRates(Map<String, Double> rates) {
        Map<String, Double> more = new TreeMap<>(vectorRates);
        more.putAll(rates);
        return with(diskRates, more);
    }

    /** @param place where files lie; spaces in it are written as underscores */
    public Optional<Double> diskRate(String place) {
        return Optional.ofNullable(diskRates.get(place.replace(' ', '_')));
    }

    public Probe withDiskRate(String place, double bytesPerSecond) {
        Map<String, Double> more = new TreeMap<>(diskRates);
        more.put(place.replace(' ', '_'), bytesPerSecond);
        return with(more, vectorRates);
    }

    private Probe with(Map<String, Double> disks, Map<String, Double> vectors) {
        return new Probe(
                machine,
                disks,
                vectors,
                matrixRates,
                panelRates,
                inputRates,
                outputRates,
                attentionRate,
                attentionFlops,
                attentionKeys,
                layerSeconds,
                rowRate);
    }
}
