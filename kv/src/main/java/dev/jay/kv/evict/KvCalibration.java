// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

import java.util.List;

/** What was measured of a model's heads before anything is run with it. By layer, in order. */
public record KvCalibration(List<Layer> layers) {
    /** Nothing was measured. */
    public static final KvCalibration NONE = new KvCalibration(List.of());

    /**
     * @param heads all query heads, those first that look for what is asked for
     * @param error how far attention is off when tokens are forgotten, as a share of what it should be
     */
    public record Layer(List<Integer> heads, double error) {
        public Layer {
            heads = List.copyOf(heads);
        }
    }

    public KvCalibration {
        layers = List.copyOf(layers);
    }
}
