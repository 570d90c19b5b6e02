// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.skill;

import dev.jay.train.data.Shuffle;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Names and numbers drawn by a seed. Every eighth name is kept from training: a model that is asked about it has never
 * read it. Confined to one task.
 */
public final class Words {
    private static final String CONSONANTS = "bdfghklmnprstvz";
    private static final String VOWELS = "aeiou";
    private static final int HELD_OUT = 8;
    private static final List<String> FILLER = List.of(
            "The road to the village was long and quiet.",
            "Rain fell on the roofs and nobody spoke of it.",
            "A cart went by, and then there was nothing to hear.",
            "They ate bread and cheese and looked at the hills.",
            "In the evening the lamps were lit one by one.",
            "The old clock in the hall had stopped again.",
            "Some said the winter would be mild this year.",
            "A dog slept in the sun beside the gate.",
            "The letters were read aloud and put away.",
            "Boats came in with the tide as they always did.",
            "She closed the window and went on with her work.",
            "Nothing else of note was said that day.");

    private final long seed;
    private final boolean heldOut;
    private long drawn;

    public Words(long seed, boolean heldOut) {
        this.seed = seed;
        this.heldOut = heldOut;
    }

    /** The same words from the first on. */
    Words again() {
        return new Words(seed, heldOut);
    }

    /** From 0 to below. */
    public int below(int bound) {
        return (int) Long.remainderUnsigned(Shuffle.number(seed, drawn++), bound);
    }

    /** A name of two or three syllables. */
    public String name() {
        while (true) {
            StringBuilder name = new StringBuilder();
            int syllables = 2 + below(2);
            for (int i = 0; i < syllables; i++) {
                name.append(CONSONANTS.charAt(below(CONSONANTS.length())))
                        .append(VOWELS.charAt(below(VOWELS.length())));
            }
            if (isHeldOut(name.toString()) == heldOut) return name.toString();
        }
    }

    static boolean isHeldOut(String name) {
        return Math.floorMod(name.hashCode() * 0x9E3779B1 >>> 7, HELD_OUT) == 0;
    }

    /** Names that differ. */
    public List<String> names(int count) {
        Set<String> names = new LinkedHashSet<>();
        while (names.size() < count) names.add(name());
        return new ArrayList<>(names);
    }

    /** Of so many digits. */
    public String number(int digits) {
        StringBuilder number = new StringBuilder().append(1 + below(9));
        for (int i = 1; i < digits; i++) number.append(below(10));
        return number.toString();
    }

    public String filler() {
        return FILLER.get(below(FILLER.size()));
    }

    public <T> T one(List<T> of) {
        return of.get(below(of.size()));
    }

    /** Facts in their order, filler evenly drawn between, before and behind them; each a line or a sentence. */
    public String between(List<String> facts, int filler, String separator) {
        int[] before = new int[facts.size() + 1];
        for (int i = 0; i < filler; i++) before[below(before.length)]++;
        StringBuilder text = new StringBuilder();
        for (int i = 0; i <= facts.size(); i++) {
            for (int j = 0; j < before[i]; j++) text.append(filler()).append(separator);
            if (i < facts.size()) text.append(facts.get(i)).append(separator);
        }
        return text.toString();
    }
}
