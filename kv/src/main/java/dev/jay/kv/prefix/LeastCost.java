// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.prefix;

import dev.jay.tensor.Catalog;

/**
 * What is cheapest to compute again goes first, and what is dear and never used again later: the cost of a token is one
 * pass through the weights and a look at all before it; the floor ages it (GreedyDual).
 */
record LeastCost(int even) implements PageReplacement {
    static final Catalog.Entry<PageReplacement> ENTRY = new Catalog.Entry<>(
            "least-cost",
            "what is cheapest to compute again goes first; even: tokens of context that cost as much as the weights",
            args -> new LeastCost(args.intOf("even", 4096)));

    LeastCost {
        if (even < 1)
            throw new IllegalArgumentException("page replacement least-cost: even=" + even + ", allowed: 1 or more");
    }

    @Override
    public double worth(double floor, long use, int position, int tokens) {
        return floor + tokens * (1 + (position + tokens / 2.0) / even);
    }
}
