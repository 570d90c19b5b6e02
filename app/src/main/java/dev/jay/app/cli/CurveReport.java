// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.engine.KvFloor;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What {@code jay plan --quality} says of ways to keep keys and values. */
record CurveReport(KvFloor floor, List<KvFloor.Point> points) {
    private static final double MIB = 1 << 20;
    private static final int MOST_SKIPPED = 5; // told to people one by one

    void addTo(ObjectNode node) {
        node.put("floor", floor.floor()).put("recipe", floor.recipe()).put("quality", floor.quality());
        node.put("judgedOn", floor.judgedOn()).put("isOwn", floor.isOwn()).put("note", floor.note());
        ArrayNode curve = node.putArray("curve");
        for (KvFloor.Point p : points) {
            ObjectNode point = curve.addObject();
            point.put("recipe", p.recipe()).put("quality", p.quality()).put("worst", p.worst());
            point.put("judgedTokens", p.judgedAt()).put("sequenceBytes", p.sequenceBytes());
            point.put("parallel", p.parallel());
            if (Double.isFinite(p.decodeRatio())) point.put("decodeRatio", p.decodeRatio());
            point.put("isAboveFloor", p.isAboveFloor()).put("isChosen", p.isChosen());
        }
        ArrayNode skipped = node.putArray("skipped");
        floor.skipped()
                .forEach(s -> skipped.addObject().put("recipe", s.recipe()).put("why", s.why()));
    }

    /** '>' is what was chosen; what lies below the floor is shown below a line. */
    void addTo(StringBuilder text) {
        line(text, "%nkeys and values, %s, at %s or above:", floor.judged(), floor.floor());
        line(text, "  %7s  %12s  %5s  %6s  %-28s  %s", "quality", "a sequence", "fit", "decode", "worst", "recipe");
        boolean above = true;
        for (KvFloor.Point p : points) {
            if (above && !p.isAboveFloor()) line(text, "  below:");
            above = p.isAboveFloor();
            line(
                    text,
                    "%s %7.4f  %8.1f MiB  %5d  %6s  %-28s  %s",
                    p.isChosen() ? ">" : " ",
                    p.quality(),
                    p.sequenceBytes() / MIB,
                    p.parallel(),
                    Double.isFinite(p.decodeRatio()) ? String.format(Locale.ROOT, "%.2f", p.decodeRatio()) : "?",
                    p.worst() + (p.judgedAt() == 0 ? "" : " of " + p.judgedAt()),
                    p.recipe());
        }
        floor.skipped().stream()
                .limit(MOST_SKIPPED)
                .forEach(s -> line(text, "  not counted: '%s': %s", s.recipe(), s.why()));
        int more = floor.skipped().size() - MOST_SKIPPED;
        if (more > 0) line(text, "  not counted: %d more (--json lists them)", more);
        text.append(System.lineSeparator());
    }

    private static void line(StringBuilder text, String format, Object... values) {
        text.append(String.format(Locale.ROOT, format + "%n", values));
    }
}
