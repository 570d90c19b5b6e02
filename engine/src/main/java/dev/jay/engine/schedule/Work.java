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

    /** Higher goes first. */
    int priority();

    /** When its first token is wanted at the latest, on the engine's clock; {@link Long#MAX_VALUE}: whenever. */
    long firstTokenBy();

    /** Tokens that were run for its tenant, divided by the tenant's weight; who comes back starts with the least. */
    double served();
}
