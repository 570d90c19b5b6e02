// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

/**
 * One stream of keys and values: what one layer, or several that share it, keep for a token.
 *
 * @param heads      KV heads; they share a page
 * @param keyWidth   values of a key row
 * @param valueWidth values of a value row; 0 where one row serves as both
 */
public record KvStream(int heads, int keyWidth, int valueWidth) {
    public KvStream {
        if (heads < 1 || keyWidth < 1 || valueWidth < 0) {
            throw new IllegalArgumentException(
                    "kv stream: heads=" + heads + ", keyWidth=" + keyWidth + ", valueWidth=" + valueWidth);
        }
    }
}
