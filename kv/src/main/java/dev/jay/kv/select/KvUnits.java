// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.select;

/** The units among which one query, or the query heads that share a KV head, may choose; numbered from 0. */
public interface KvUnits {
    int count();

    /** The place of unit 0 among all of the sequence. */
    int first();

    /** The query's place in its sequence. */
    int position();

    /** Query heads that read what is chosen. */
    int queries();

    /**
     * What a query head would spend on each unit if each were a single key, with the largest product of its summary's rows
     * and the head's probe: the sum is 1. Longer than the count; borrowed.
     */
    float[] shares(int query);

    /** What was remembered of a unit when it was summed up. */
    float note(int unit);
}
