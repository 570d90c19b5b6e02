// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import java.time.LocalDateTime;
import java.time.format.TextStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.util.Locale;

/** {@code strftime} in English. */
final class Strftime {
    private Strftime() {}

    static String format(Run run, LocalDateTime time, String format) {
        Text out = Text.value(run, "writing a time");
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                out.add(c);
                continue;
            }
            char directive = format.charAt(++i);
            boolean bare = directive == '-' && i + 1 < format.length();
            if (bare) directive = format.charAt(++i);
            String text = directive(time, directive);
            if (text == null) throw run.error("strftime_now: unknown directive '%" + directive + "'");
            if (bare && text.length() > 1 && (text.charAt(0) == '0' || text.charAt(0) == ' ')) {
                text = text.substring(Math.min(leading(text), text.length() - 1));
            }
            out.add(text);
        }
        return out.made();
    }

    private static int leading(String text) {
        int i = 0;
        while (i < text.length() && (text.charAt(i) == '0' || text.charAt(i) == ' ')) i++;
        return i;
    }

    private static String directive(LocalDateTime t, char directive) {
        return switch (directive) {
            case 'Y' -> Integer.toString(t.getYear());
            case 'y' -> two(t.getYear() % 100);
            case 'C' -> two(t.getYear() / 100);
            case 'G' -> Integer.toString(t.get(IsoFields.WEEK_BASED_YEAR));
            case 'V' -> two(t.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
            case 'm' -> two(t.getMonthValue());
            case 'd' -> two(t.getDayOfMonth());
            case 'e' -> String.format("%2d", t.getDayOfMonth());
            case 'j' -> String.format("%03d", t.getDayOfYear());
            case 'H' -> two(t.getHour());
            case 'I' -> two(t.get(ChronoField.CLOCK_HOUR_OF_AMPM));
            case 'M' -> two(t.getMinute());
            case 'S' -> two(t.getSecond());
            case 'f' -> String.format("%06d", t.getNano() / 1000);
            case 'p' -> t.getHour() < 12 ? "AM" : "PM";
            case 'A' -> t.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'a' -> t.getDayOfWeek().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
            case 'B' -> t.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'b', 'h' -> t.getMonth().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
            case 'u' -> Integer.toString(t.getDayOfWeek().getValue());
            case 'w' -> Integer.toString(t.getDayOfWeek().getValue() % 7);
            case 'F' -> directive(t, 'Y') + "-" + two(t.getMonthValue()) + "-" + two(t.getDayOfMonth());
            case 'T', 'X' -> two(t.getHour()) + ":" + two(t.getMinute()) + ":" + two(t.getSecond());
            case 'R' -> two(t.getHour()) + ":" + two(t.getMinute());
            case 'D', 'x' -> two(t.getMonthValue()) + "/" + two(t.getDayOfMonth()) + "/" + two(t.getYear() % 100);
            case 'c' ->
                directive(t, 'a') + " " + directive(t, 'b') + " " + directive(t, 'e') + " " + directive(t, 'T') + " "
                        + directive(t, 'Y');
            // A clock's local time says nothing of its zone, as Python's naive datetime.
            case 'z', 'Z' -> "";
            case 'n' -> "\n";
            case 't' -> "\t";
            case '%' -> "%";
            default -> null;
        };
    }

    private static String two(int number) {
        return number < 10 ? "0" + number : Integer.toString(number);
    }
}
