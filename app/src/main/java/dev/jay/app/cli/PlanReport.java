// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.engine.plan.Plan;
import dev.jay.engine.plan.Setup;
import dev.jay.engine.plan.Speed;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What {@code jay plan} says: the plan of the model, and Java's own part of the process beside it. */
final class PlanReport {
    private static final double MIB = 1 << 20;

    /** A plan, its speed, and the most that fits beside it. */
    record Part(Plan plan, Speed speed, int mostContext, int mostParallel) {}

    private final String model;
    private final JvmRoom jvm;
    private final Part now;
    private final Part more;
    private final Optional<CurveReport> curve;
    private final Map<String, Long> setAside;
    private final Map<String, Long> expected;

    PlanReport(String model, JvmRoom jvm, int vocabulary, Part now, Part more, Optional<CurveReport> curve) {
        this.model = model;
        this.jvm = jvm;
        this.now = now;
        this.more = more;
        this.curve = curve;
        this.setAside = new LinkedHashMap<>(jvm.setAside());
        setAside.putAll(now.plan().setAside());
        this.expected = new LinkedHashMap<>(jvm.expected(vocabulary));
        expected.putAll(now.plan().expected());
    }

    private static long sum(Map<String, Long> rows) {
        return rows.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Of the whole process; 0: no limit. */
    private long budget() {
        long budget = now.plan().budgetBytes();
        return budget == Long.MAX_VALUE ? 0 : budget + jvm.total();
    }

    String json() {
        Plan plan = now.plan();
        ObjectNode root = JsonMapper.shared().createObjectNode().put("model", model);
        if (budget() > 0) root.put("budgetBytes", budget());
        root.put("peakBytes", sum(expected));
        expected.forEach(root.putObject("byPurpose")::put);
        root.put("setAsideBytes", sum(setAside));
        setAside.forEach(root.putObject("setAside")::put);
        root.put("fits", plan.fits()).put("neededBytes", plan.neededBytes() + jvm.total());
        setup(root.putObject("setup"), plan.setup());
        root.putObject("most").put("contextLength", now.mostContext()).put("parallel", now.mostParallel());
        ArrayNode chosen = root.putArray("chosen");
        plan.chosen()
                .forEach(c -> chosen.addObject().put("mechanism", c.mechanism()).put("why", c.why()));
        predicted(root.putObject("predicted"), now.speed());
        curve.ifPresent(c -> c.addTo(root.putObject("quality")));
        if (budget() > 0) {
            ObjectNode other =
                    root.putObject("withOneMoreGiB").put("fits", more.plan().fits());
            setup(other.putObject("setup"), more.plan().setup());
            other.putObject("most").put("contextLength", more.mostContext()).put("parallel", more.mostParallel());
            predicted(other.putObject("predicted"), more.speed());
        }
        return root.toString();
    }

    private static void setup(ObjectNode node, Setup s) {
        node.put("weightsStreamed", s.streamed()).put("contextLength", s.contextLength());
        node.put("parallel", s.parallel()).put("stepTokens", s.stepTokens()).put("layerRows", s.layerRows());
    }

    private static void predicted(ObjectNode node, Speed speed) {
        node.put("decodeTokensPerSecond", speed.decodeTokensPerSecond());
        node.put("prefillTokensPerSecond", speed.prefillTokensPerSecond());
        node.put("boundBy", speed.boundBy());
    }

    String text() {
        Setup s = now.plan().setup();
        StringBuilder text = new StringBuilder();
        line(
                text,
                "%s in %s: a context of %d, %d in parallel, steps of %d tokens",
                model,
                budget() == 0 ? "as much as it takes" : mib(budget()),
                s.contextLength(),
                s.parallel(),
                s.stepTokens());
        line(text, "%n%-18s %14s %14s", "", "set aside", "expected");
        setAside.forEach((purpose, bytes) ->
                line(text, "%-18s %14s %14s", purpose, mib(bytes), mib(expected.getOrDefault(purpose, 0L))));
        line(text, "%-18s %14s %14s%n", "in all", mib(sum(setAside)), mib(sum(expected)));
        now.plan().chosen().forEach(c -> line(text, "%s: %s", c.mechanism(), c.why()));
        curve.ifPresent(c -> c.addTo(text));
        if (!now.plan().fits()) return text.toString();
        fits(text, "fits", now);
        if (budget() > 0) fits(text, "with 1 GiB more", more);
        return text.toString();
    }

    private static void fits(StringBuilder text, String when, Part part) {
        Setup s = part.plan().setup();
        line(
                text,
                "%s: a context of %d, or %d sequences of %d; predicted: decode %.2f tokens/s (%s), prefill %.1f",
                when,
                part.mostContext(),
                part.mostParallel(),
                s.contextLength(),
                part.speed().decodeTokensPerSecond(),
                part.speed().boundBy(),
                part.speed().prefillTokensPerSecond());
    }

    private static void line(StringBuilder text, String format, Object... values) {
        text.append(String.format(Locale.ROOT, format + "%n", values));
    }

    private static String mib(long bytes) {
        return String.format(Locale.ROOT, "%.1f MiB", bytes / MIB);
    }
}
