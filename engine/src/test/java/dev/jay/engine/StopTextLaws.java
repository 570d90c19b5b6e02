// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** However a text is cut, a stop string ends it at the same place, and nothing of it ever comes out. */
class StopTextLaws {
    private static String random(SplittableRandom random, int letters, int most) {
        StringBuilder s = new StringBuilder();
        for (int n = 1 + random.nextInt(most); n > 0; n--) s.append((char) ('a' + random.nextInt(letters)));
        return s.toString();
    }

    /** What is before the stop string whose end comes first. */
    private static String definition(String text, List<String> stops) {
        for (int end = 0; end <= text.length(); end++) {
            int start = end + 1;
            for (String stop : stops) {
                if (text.startsWith(stop, end - stop.length())) start = Math.min(start, end - stop.length());
            }
            if (start <= end) return text.substring(0, start);
        }
        return text;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void theCutDoesNotMatter(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int stopped = 0;
        for (int round = 0; round < 3000; round++) {
            int letters = 2 + random.nextInt(2);
            String text = random(random, letters, 30);
            List<String> stops = new ArrayList<>();
            for (int n = random.nextInt(4); n > 0; n--) stops.add(random(random, letters, 7));
            String wanted = definition(text, stops);
            StopText watch = new StopText(stops);
            StringBuilder out = new StringBuilder();
            for (int at = 0; at < text.length() && !watch.isFound(); ) {
                int to = Math.min(text.length(), at + random.nextInt(6));
                out.append(watch.next(text.substring(at, to)));
                assertThat(wanted).as("seed=%d round=%d", seed, round).startsWith(out);
                at = to;
            }
            assertThat(out + watch.flush())
                    .as("seed=%d round=%d %s in %s", seed, round, stops, text)
                    .isEqualTo(wanted);
            if (!watch.isFound()) continue;
            stopped++;
            assertThat(stops).contains(watch.found());
            assertThat(text).as("seed=%d round=%d", seed, round).startsWith(wanted + watch.found());
        }
        assertThat(stopped).isBetween(500, 2500);
    }

    @Test
    void onlyWhatMayBeABeginningIsHeldBack() {
        StopText watch = new StopText(List.of("</end>"));
        assertThat(watch.next("so </")).isEqualTo("so ");
        assertThat(watch.next("em")).isEqualTo("</em");
        assertThat(watch.next("<")).isEmpty();
        assertThat(watch.next("/end> and more")).isEmpty();
        assertThat(watch.isFound()).isTrue();
        assertThat(watch.next("more")).isEmpty();
        assertThat(watch.flush()).isEmpty();
    }
}
