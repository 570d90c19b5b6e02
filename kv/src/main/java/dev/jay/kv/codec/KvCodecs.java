// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.codec;

import dev.jay.tensor.Catalog;

/** Every way to code keys or values. To add one: write its file, add its line. */
public final class KvCodecs {
    public static final Catalog<KvCodec> ALL = Catalog.of(
            "kv codec",
            RowCodec.entry("f32"),
            RowCodec.entry("f16"),
            RowCodec.entry("bf16"),
            RowCodec.entry("q8_0"),
            PerChannel.ENTRY,
            PerToken.ENTRY,
            Rotated.ENTRY,
            LowRankRest.CHANNELS,
            LowRankRest.TOKENS //
            );

    private KvCodecs() {}
}
