// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;

/** Patterns one after another: each cuts the pieces of those before it around all that it finds. */
final class Cascade implements PreTokenizer {
    private final List<Splitting.Pattern> patterns;
    private final boolean takesWholeTokens;
    private final boolean addsBos;

    Cascade(List<Splitting.Pattern> patterns, boolean takesWholeTokens, boolean addsBos) {
        this.patterns = patterns;
        this.takesWholeTokens = takesWholeTokens;
        this.addsBos = addsBos;
    }

    @Override
    public void cut(byte[] text, int from, int to, IntConsumer ends) {
        Ends now = new Ends();
        now.add(to);
        for (Splitting.Pattern pattern : patterns) {
            Ends next = new Ends();
            int open = from;
            for (int i = 0; i < now.count; i++) {
                int end = now.ends[i];
                pattern.find(text, open, end, (start, stop, found) -> {
                    if (start < stop) next.add(stop);
                });
                open = end;
            }
            now = next;
        }
        for (int i = 0; i < now.count; i++) ends.accept(now.ends[i]);
    }

    @Override
    public boolean takesWholeTokens() {
        return takesWholeTokens;
    }

    @Override
    public boolean addsBos() {
        return addsBos;
    }

    private static final class Ends {
        int[] ends = new int[16];
        int count;

        void add(int end) {
            if (count == ends.length) ends = Arrays.copyOf(ends, 2 * count);
            ends[count++] = end;
        }
    }
}
