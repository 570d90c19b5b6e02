// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.prefix;

/** Which idle prefix goes first when pages are needed: the one of least worth. Pure; asked whenever a prefix is used. */
public interface PageReplacement {
    /**
     * @param floor    the worth of what was let go last; it never falls
     * @param use      counts uses of the index, this one the highest so far
     * @param position the first token's place in the sequence: later ones cost more to compute again
     * @param tokens   how many there are
     */
    double worth(double floor, long use, int position, int tokens);
}
