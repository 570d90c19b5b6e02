// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import java.util.HashMap;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * How much each tenant was served. One that was away comes back level with the least served of those present: having asked
 * for nothing earns nothing. Only tenants that are present are known. Confined to the engine thread.
 */
final class Tenants {
    static final class Share {
        private final double weight;
        private int sequences;
        private double served;

        private Share(double weight) {
            this.weight = weight;
        }

        double served() {
            return served;
        }

        void charge(int tokens) {
            served += tokens / weight;
        }
    }

    private final Map<String, Share> present = new HashMap<>();
    private final ToDoubleFunction<String> weights;
    private double level; // of the least served when somebody was last present

    Tenants(ToDoubleFunction<String> weights) {
        this.weights = weights;
    }

    Share arrived(String tenant) {
        Share share = present.get(tenant);
        if (share == null) {
            share = new Share(Math.max(1e-6, weights.applyAsDouble(tenant)));
            share.served =
                    present.values().stream().mapToDouble(Share::served).min().orElse(level);
            present.put(tenant, share);
        }
        share.sequences++;
        return share;
    }

    void left(String tenant, Share share) {
        level = Math.max(level, share.served);
        if (--share.sequences == 0) present.remove(tenant);
    }
}
