// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.select;

import dev.jay.tensor.Args;

/**
 * How much a query reads, whatever it chooses.
 *
 * @param tokens read in all: whole units
 * @param sinks  the first tokens of the sequence, read always
 * @param recent the last tokens, read always, the query's own unit among them
 */
public record Reading(int tokens, int sinks, int recent) {
    private static final int MOST = 1 << 24;

    static Reading of(String member, Args args) {
        Reading reading = new Reading(args.intOf("budget", 512), args.intOf("sinks", 1), args.intOf("recent", 64));
        if (reading.tokens < KvSelection.UNIT
                || reading.tokens > MOST
                || reading.tokens % KvSelection.UNIT != 0
                || reading.sinks < 0
                || reading.recent < 1
                || reading.sinks > reading.tokens
                || reading.recent > reading.tokens
                || reading.chosen() < 0) {
            throw new IllegalArgumentException("kv selection " + member + ": budget=" + reading.tokens + ", sinks="
                    + reading.sinks + ", recent=" + reading.recent + ", allowed: budget a multiple of "
                    + KvSelection.UNIT + " up to " + MOST + ", sinks 0 or more, recent 1 or more, and their units of "
                    + KvSelection.UNIT + " together at most the budget");
        }
        return reading;
    }

    /** The first unit that need not be read. */
    public int firstChoice() {
        return Math.ceilDiv(sinks, KvSelection.UNIT);
    }

    /** One past the last unit that need not be read by the query at a position. */
    public int endOfChoice(int position) {
        return Math.max(firstChoice(), Math.max(0, position + 1 - recent) / KvSelection.UNIT);
    }

    /** Units that can be chosen wherever the query is, when most are taken up by the last tokens. */
    int chosen() {
        int last = Math.ceilDiv(recent - 1, KvSelection.UNIT) + 1;
        return tokens / KvSelection.UNIT - firstChoice() - last;
    }

    @Override
    public String toString() {
        return "budget=" + tokens + ",sinks=" + sinks + ",recent=" + recent;
    }
}
