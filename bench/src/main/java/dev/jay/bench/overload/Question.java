// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.overload;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What is asked again and again: a prompt, and how long the answer is. */
record Question(int[] prompt, int answer) {
    private static final int FIRST_TOKEN = 300; // those before it are bytes, and what is not text

    /** Half of them begin alike, by a part of the context; all fit it. */
    static List<Question> some(int count, int context, int vocabulary, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int[] shared = tokens(random, context / 3, vocabulary);
        List<Question> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] own = tokens(random, 4 + random.nextInt(context / 3), vocabulary);
            int[] prompt = i % 2 == 1
                    ? own
                    : IntStream.concat(Arrays.stream(shared), Arrays.stream(own))
                            .toArray();
            all.add(new Question(prompt, 2 + random.nextInt(Math.min(40, context / 4))));
        }
        return all;
    }

    private static int[] tokens(SplittableRandom random, int count, int vocabulary) {
        return random.ints(count, Math.min(FIRST_TOKEN, vocabulary / 2), vocabulary)
                .toArray();
    }

    /** @param more fields of the request, each with a comma before it */
    String body(String more) {
        String tokens = Arrays.stream(prompt).mapToObj(Integer::toString).collect(Collectors.joining(","));
        return "{\"prompt\":[" + tokens + "],\"max_tokens\":" + answer + ",\"temperature\":0,\"ignore_eos\":true" + more
                + "}";
    }
}
