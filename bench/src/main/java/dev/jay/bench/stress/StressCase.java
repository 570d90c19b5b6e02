// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.stress;

/**
 * One call of a kernel, always with the same input: whoever makes it, and whatever goes on meanwhile, the same bits come
 * out. May be called by many threads at once, each with a place of its own.
 *
 * @param provider whose code it is
 * @param name     what it computes
 * @param outBytes of its result
 * @param roomBytes of its working space
 */
record StressCase(String provider, String name, long outBytes, long roomBytes, Call call) {
    /** Writes the result to {@code out}; {@code room} is aligned to 64. */
    interface Call {
        void run(long out, long room);
    }

    @Override
    public String toString() {
        return provider + " " + name;
    }
}
