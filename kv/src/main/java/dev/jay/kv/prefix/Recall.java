// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.prefix;

/** Whether what a tier has of a prompt is read back or computed again: whichever is cheaper. A pure function. */
@FunctionalInterface
public interface Recall {
    /** Whatever there is is read. */
    Recall ALWAYS = (from, tokens, bytes) -> tokens;

    /**
     * What reading saves: seconds, or in whatever else both are counted; negative where computing costs less.
     *
     * @param from   tokens before them, whose keys and values are there
     * @param tokens that would be computed otherwise
     * @param bytes  that would be read
     */
    double saved(int from, int tokens, long bytes);
}
