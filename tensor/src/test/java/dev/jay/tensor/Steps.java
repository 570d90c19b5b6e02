// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Ways to cut sequences into steps. A step says how many tokens each sequence has in it. */
public final class Steps {
    private Steps() {}

    /** One step that has every sequence whole. */
    public static List<int[]> whole(int... lengths) {
        return List.of(lengths);
    }

    /** One step with one sequence whole, and none of the others. */
    public static List<int[]> alone(int sequence, int... lengths) {
        int[] step = new int[lengths.length];
        step[sequence] = lengths[sequence];
        return List.of(step);
    }

    public static List<int[]> tokenByToken(int... lengths) {
        List<int[]> steps = new ArrayList<>();
        for (int t = 0; t < IntStream.of(lengths).max().orElseThrow(); t++) {
            int at = t;
            steps.add(IntStream.of(lengths).map(n -> at < n ? 1 : 0).toArray());
        }
        return steps;
    }

    /** Mostly a token or none, now and then many. */
    public static List<int[]> random(Random random, int... lengths) {
        int[] left = lengths.clone();
        List<int[]> steps = new ArrayList<>();
        while (IntStream.of(left).sum() > 0) {
            int[] step = new int[left.length];
            for (int s = 0; s < left.length; s++) {
                step[s] = Math.min(left[s], random.nextInt(4) == 0 ? random.nextInt(70) : random.nextInt(3));
                left[s] -= step[s];
            }
            if (IntStream.of(step).sum() > 0) steps.add(step);
        }
        return steps;
    }
}
