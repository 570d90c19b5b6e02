// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import java.util.List;

/**
 * Watches decoded text for stop strings, wherever pieces begin and end. Text that may be the beginning of one is held
 * back. The stop string whose end comes first wins (of several, the longest), so the outcome does not depend on how the
 * text was cut.
 */
final class StopText {
    private final List<String> stops;
    private final StringBuilder held = new StringBuilder();
    private String found;

    StopText(List<String> stops) {
        this.stops = stops;
    }

    /** Takes more text; returns what is certain. After a stop string nothing more comes out. */
    String next(String text) {
        if (isFound()) return "";
        if (stops.isEmpty()) return text;
        held.append(text);
        int start = -1;
        int end = Integer.MAX_VALUE;
        for (String stop : stops) {
            int at = held.indexOf(stop);
            if (at < 0) continue;
            int to = at + stop.length();
            if (to < end || (to == end && at < start)) {
                start = at;
                end = to;
                found = stop;
            }
        }
        int certain = isFound() ? start : held.length() - beginning();
        String out = held.substring(0, certain);
        held.delete(0, isFound() ? held.length() : certain);
        return out;
    }

    boolean isFound() {
        return found != null;
    }

    /** The stop string that was found; null while none is. */
    String found() {
        return found;
    }

    /** What is held back, when nothing more will come. */
    String flush() {
        String out = held.toString();
        held.setLength(0);
        return out;
    }

    /** Length of the longest end of the held text that a stop string begins with. */
    private int beginning() {
        int longest = 0;
        for (String stop : stops) {
            for (int n = Math.min(stop.length() - 1, held.length()); n > longest; n--) {
                if (endsWith(stop, n)) longest = n;
            }
        }
        return longest;
    }

    private boolean endsWith(String stop, int n) {
        int from = held.length() - n;
        for (int i = 0; i < n; i++) if (held.charAt(from + i) != stop.charAt(i)) return false;
        return true;
    }
}
