// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class KernelBenchTest {
    private static final Pattern ROW =
            Pattern.compile("\\{\"kernel\":\"([a-z0-9-]+)\",\"format\":\"[a-z0-9_-]+\",\"provider\":\"([a-z0-9-]+)\","
                    + "\"memory\":\"(dram|l2)\",\"shape\":\"[^\"]+\",\"threads\":(\\d+),\"bytes\":\\d+,"
                    + "\"seconds\":([0-9.]+),\"rate\":([0-9.]+),\"unit\":\"(GB/s|GFLOP/s)\","
                    + "\"bound\":[0-9.]+,\"ratio\":[0-9.]+}");

    @TempDir
    Path folder;

    @Test
    void shouldMeasureEveryKindOfKernel() {
        List<Matcher> rows = rows("--smoke", "--json", "--formats", "q8_0,f32", "--kv-formats", "f16");
        assertThat(rows)
                .extracting(r -> r.group(1))
                .contains(
                        "read",
                        "gemv",
                        "gemm",
                        "gemm-f32",
                        "attention-decode",
                        "attention-prefill",
                        "norm",
                        "rope",
                        "swiglu",
                        "softmax",
                        "add",
                        "argmax",
                        "quantise");
        assertThat(rows).allSatisfy(r -> {
            assertThat(Double.parseDouble(r.group(5)))
                    .as("seconds of %s", r.group())
                    .isPositive();
            assertThat(Double.parseDouble(r.group(6)))
                    .as("rate of %s", r.group())
                    .isPositive();
        });
    }

    @Test
    void shouldMeasureTheProviderAskedForByTheThreadsAskedFor() {
        List<Matcher> rows = rows(
                "--smoke",
                "--json",
                "--kernels",
                "gemv",
                "--formats",
                "q4_0",
                "--provider",
                "scalar",
                "--threads",
                "1,2");
        assertThat(rows).extracting(r -> r.group(2)).containsOnly("scalar");
        assertThat(rows).extracting(r -> r.group(4)).containsExactly("1", "1", "2", "2");
    }

    @Test
    void shouldDrawTheRatios() throws Exception {
        Path plot = folder.resolve("ratios.png");
        rows("--smoke", "--json", "--kernels", "add", "--plot", plot.toString());
        assertThat(Files.readAllBytes(plot)).startsWith(0x89, 'P', 'N', 'G');
    }

    @Test
    void shouldNameTheKnownKindsWhenAskedForAnother() {
        StringWriter err = new StringWriter();
        int exit =
                new CommandLine(new KernelBench()).setErr(new PrintWriter(err)).execute("--smoke", "--kernels", "gemx");
        assertThat(exit).isNotZero();
        assertThat(err.toString()).contains("gemx").contains("gemv").contains("attention-decode");
    }

    private static List<Matcher> rows(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int exit = new CommandLine(new KernelBench())
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(args);
        assertThat(exit).as(err.toString()).isZero();
        List<Matcher> rows = out.toString().lines().map(ROW::matcher).toList();
        assertThat(rows).isNotEmpty().allMatch(Matcher::matches, "a row of JSON");
        return rows;
    }
}
