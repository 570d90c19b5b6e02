// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import java.util.Collections;
import java.util.List;

/** What a model keeps for one token: its streams. Layers name the stream they read; several may name one. */
public record KvShape(List<KvStream> streams) {
    public KvShape {
        streams = List.copyOf(streams);
    }

    /** One stream a layer, all alike. */
    public static KvShape uniform(int layers, int heads, int width) {
        return new KvShape(Collections.nCopies(layers, new KvStream(heads, width, width)));
    }
}
