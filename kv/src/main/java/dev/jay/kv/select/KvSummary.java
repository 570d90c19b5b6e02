// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.select;

/** What is remembered of a unit of keys, so that it can be told from others without reading it. */
public interface KvSummary {
    /** Rows that sum a unit up; 0: none. */
    default int summaryRows() {
        return 0;
    }

    /** Values of such a row. */
    default int summaryWidth(int keyWidth) {
        return keyWidth;
    }

    /** Whether a number is remembered of a unit besides. */
    default boolean notes() {
        return false;
    }

    /**
     * Sums a whole unit up.
     *
     * @param keys [UNIT][keyWidth], as they are kept
     * @param to   [summaryRows][summaryWidth], 0 everywhere
     * @return what {@link KvUnits#note} gives back
     */
    default float summarise(float[] keys, int keyWidth, float[] to) {
        return 0;
    }
}
