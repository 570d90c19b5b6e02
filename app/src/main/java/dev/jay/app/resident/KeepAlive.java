// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.resident;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How long a model stays after its last request, as Ollama's clients say it: seconds, or {@code 1h30m}, {@code 5m},
 * {@code 500ms}; 0 not at all, anything negative for ever.
 *
 * @param time negative: for ever
 */
public record KeepAlive(Duration time) {
    public static final KeepAlive FOREVER = new KeepAlive(Duration.ofSeconds(-1));
    public static final KeepAlive NOT_AT_ALL = new KeepAlive(Duration.ZERO);
    public static final KeepAlive DEFAULT = new KeepAlive(Duration.ofMinutes(5));

    private static final long MOST_SECONDS = 100L * 365 * 24 * 3600;
    private static final Pattern PART = Pattern.compile("(\\d{1,12}(?:\\.\\d{1,9})?)(ms|s|m|h)");
    private static final Pattern ALL = Pattern.compile("(?:" + PART.pattern() + ")+");
    private static final Map<String, BigDecimal> SECONDS = Map.of(
            "ms",
            new BigDecimal("0.001"),
            "s",
            BigDecimal.ONE,
            "m",
            BigDecimal.valueOf(60),
            "h",
            BigDecimal.valueOf(3600));

    /** @throws IllegalArgumentException if it is none of these */
    public static KeepAlive parse(String text) {
        String said = text.strip();
        boolean negative = said.startsWith("-");
        String size = negative ? said.substring(1) : said;
        if (size.matches("\\d{1,12}(\\.\\d{1,9})?")) size += "s";
        if (!ALL.matcher(size).matches()) {
            throw new IllegalArgumentException("keep alive: not a time, allowed: seconds, or such as 5m, 1h30m, 500ms;"
                    + " 0 (not at all), -1 (for ever)");
        }
        if (negative) return FOREVER;
        BigDecimal seconds = BigDecimal.ZERO;
        for (Matcher part = PART.matcher(size); part.find(); ) {
            seconds = seconds.add(new BigDecimal(part.group(1)).multiply(SECONDS.get(part.group(2))));
        }
        return ofSeconds(seconds);
    }

    public static KeepAlive ofSeconds(BigDecimal seconds) {
        if (seconds.signum() < 0) return FOREVER;
        BigDecimal bounded = seconds.min(BigDecimal.valueOf(MOST_SECONDS));
        return new KeepAlive(Duration.ofNanos(bounded.movePointRight(9).longValue()));
    }

    boolean isForever() {
        return time.isNegative();
    }
}
