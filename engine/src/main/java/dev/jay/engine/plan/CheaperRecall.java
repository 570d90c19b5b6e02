// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import dev.jay.kv.prefix.Recall;

/**
 * Reads back what the disk brings sooner than the processor computes it, by what was measured of both. Later tokens attend
 * to more, so of one prompt the end may be worth reading where the beginning alone is not.
 *
 * @param diskRate bytes a second of where the weights lie; only for those that are streamed
 * @param fileRate bytes a second at which the file of keys and values is read
 */
public record CheaperRecall(Arithmetic arithmetic, Plan plan, Probe probe, double diskRate, double fileRate)
        implements Recall {
    @Override
    public double saved(int from, int tokens, long bytes) {
        return Speed.seconds(arithmetic, plan, probe, diskRate, from, tokens) - bytes / Math.max(1, fileRate);
    }
}
