// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.format.ChannelLevels;
import dev.jay.tensor.format.FeatureLevels;
import dev.jay.tensor.format.GroupFormat;
import dev.jay.tensor.format.KeptChannels;
import dev.jay.tensor.format.LowRankRows;
import dev.jay.tensor.format.RowFormat;
import dev.jay.tensor.format.SpanLevels;
import java.util.Optional;

/** How one group becomes rows: the part of {@link GroupsCode} that knows the format. */
interface GroupCode {
    /** Every format there is code for. To add one: write its file, add its line. */
    static Optional<GroupCode> of(GroupFormat format) {
        return switch (format) {
            case ChannelLevels f -> ChannelLevelsCode.of(f);
            case SpanLevels f -> SpanLevelsCode.of(f);
            case RowFormat f -> RowFormatCode.of(f);
            case LowRankRows f -> LowRankCode.of(f);
            case FeatureLevels f -> FeatureLevelsCode.of(f);
            case KeptChannels f -> KeptChannelsCode.of(f);
            default -> Optional.empty();
        };
    }

    /** Bytes of working space, a multiple of 64. */
    int scratchBytes();

    /** Loads constants; once a call, before any group. */
    void begin(GroupsCode code);

    /**
     * Decodes the group at rbx to rows at r14, by {@link RowStore}. Working space is at r15. It may use rax, rcx, rdx, rsi,
     * rdi, r8 to r11, vectors and masks but what {@link #begin} has filled.
     */
    void group(GroupsCode code, RowStore rows);
}
