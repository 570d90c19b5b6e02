// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

import dev.jay.kv.codec.KvBasis;
import java.util.List;

/**
 * What was measured of a model's heads before anything is run with it.
 *
 * @param layers  in order
 * @param kvHeads all KV heads of all layers, those first whose forgetting costs most; empty: it was not measured
 * @param bases   in which directions each layer's keys and values lie; empty: it was not measured
 */
public record KvCalibration(List<Layer> layers, List<KvHead> kvHeads, List<Bases> bases) {
    /** Nothing was measured. */
    public static final KvCalibration NONE = new KvCalibration(List.of(), List.of());

    public KvCalibration(List<Layer> layers, List<KvHead> kvHeads) {
        this(layers, kvHeads, List.of());
    }

    /**
     * Of one layer, all its heads side by side.
     *
     * @param keys before positions turn them
     */
    public record Bases(KvBasis keys, KvBasis values) {}

    public KvCalibration withBases(List<Bases> others) {
        return new KvCalibration(layers, kvHeads, others);
    }

    /**
     * @param heads all query heads, those first that look for what is asked for
     * @param error how far attention is off when tokens are forgotten, as a share of what it should be
     */
    public record Layer(List<Integer> heads, double error) {
        public Layer {
            heads = List.copyOf(heads);
        }
    }

    /** One KV head of a model, both counted from 0. */
    public record KvHead(int layer, int head) {}

    public KvCalibration {
        layers = List.copyOf(layers);
        kvHeads = List.copyOf(kvHeads);
        bases = List.copyOf(bases);
    }
}
