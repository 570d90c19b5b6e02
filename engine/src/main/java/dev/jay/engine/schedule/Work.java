// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.schedule;

/** What a policy may know of a sequence. */
public interface Work {
    /** Tokens known so far, prompt and answer together. */
    int length();

    /** Tokens not yet through the model: all of the prompt at first, then one at a time. */
    int pending();

    /** The most tokens it can come to hold. */
    int limit();
}
