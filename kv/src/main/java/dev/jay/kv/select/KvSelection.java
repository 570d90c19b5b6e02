// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.select;

/**
 * Which of the tokens that are kept a query reads. They are read in units of {@link #UNIT} that follow each other; the
 * first, the last and the query's own are always read, of the others those that matter most. Every token stays: the next
 * query chooses anew. What a unit holds is summed up in rows whose products with what is made of a query say how near
 * they are. Stateless: a choice depends on the query, its position and the keys before it alone.
 */
public interface KvSelection extends KvSummary {
    /** Tokens that are read together. */
    int UNIT = 32;

    String name();

    Reading reading();

    /** What a summary's rows are multiplied by for a query: {@code to[at + i]}, i below the summary's width. */
    default void probe(float[] query, float[] to, int at) {
        System.arraycopy(query, 0, to, at, query.length);
    }

    /**
     * Says how much each unit that may be chosen matters; of equal ones the latest are read. NaN matters least.
     *
     * @param importance 0 everywhere
     */
    void rank(KvUnits units, float[] importance);
}
