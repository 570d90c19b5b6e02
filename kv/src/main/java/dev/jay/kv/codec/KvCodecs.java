// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.codec;

import dev.jay.tensor.Catalog;
import java.util.List;

/** Every way to code keys or values. To add one: write its file, add its line. */
public final class KvCodecs {
    public static final Catalog<KvCodec> ALL = Catalog.of(
            "kv codec",
            RowCodec.entry("f32"),
            RowCodec.entry("f16"),
            RowCodec.entry("bf16"),
            RowCodec.entry("q8_0"),
            RowCodec.entry("q4_0"),
            RowCodec.entry("iq4_nl"),
            RotatedRows.entry("q4_0"),
            PerChannel.ENTRY,
            PerToken.ENTRY,
            Rotated.ENTRY,
            LowRankRest.CHANNELS,
            LowRankRest.TOKENS,
            Thin.ENTRY,
            Unturned.ENTRY,
            LowRank.ENTRY //
            );

    private KvCodecs() {}

    /** Those that need no measures of a model. */
    public static List<String> unmeasured() {
        return ALL.names().stream().filter(name -> !ALL.make(name).wantsBasis()).toList();
    }

    /** Those that code each row by itself, so that a row may go, move or be read without others. */
    public static List<String> byRow() {
        return ALL.names().stream().filter(name -> ALL.make(name).group() == 1).toList();
    }
}
