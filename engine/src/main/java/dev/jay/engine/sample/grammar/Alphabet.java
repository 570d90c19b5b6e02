// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Characters put into classes, so that those of a class are in the same sets.
 *
 * @param cuts    where each run of characters of one class begins; the first is 0
 * @param classes of each run
 * @param sets    of each class, by number
 */
record Alphabet(int[] cuts, int[] classes, List<BitSet> sets) {
    static Alphabet of(List<CodePoints> sets) {
        TreeSet<Integer> all = new TreeSet<>();
        all.add(0);
        for (CodePoints set : sets) {
            for (int i = 0; i < set.bounds().length; i++) {
                int cut = set.bounds()[i] + (i % 2);
                if (cut <= CodePoints.LAST) all.add(cut);
            }
        }
        int[] cuts = all.stream().mapToInt(i -> i).toArray();
        int[] classes = new int[cuts.length];
        Map<BitSet, Integer> ids = new HashMap<>();
        List<BitSet> of = new ArrayList<>();
        for (int i = 0; i < cuts.length; i++) {
            BitSet in = new BitSet();
            for (int s = 0; s < sets.size(); s++) in.set(s, sets.get(s).has(cuts[i]));
            classes[i] = ids.computeIfAbsent(in, k -> {
                of.add(k);
                return of.size() - 1;
            });
        }
        return new Alphabet(cuts, classes, of);
    }

    int count() {
        return sets.size();
    }

    boolean has(int characters, int set) {
        return sets.get(characters).get(set);
    }
}
