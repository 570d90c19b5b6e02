// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.prefill;

/**
 * A block of queries of a prompt that share a KV head, and units of {@link dev.jay.kv.select.KvSelection#UNIT} tokens before
 * it. Shares are meaned over these query heads and come to 1 over all units.
 */
public interface PromptBlock {
    /** Units before its stretch: those that it may choose among. */
    int count();

    /** The unit that it begins with itself. */
    int own();

    /** What the stretch's first block spent on each unit up to and with its own: longer than the count. Borrowed. */
    float[] spent();

    /** What the mean query of that block would spend if each unit were its mean key. Borrowed. */
    float[] estimated();

    /** The same of the block just before this one. Borrowed. */
    float[] now();
}
