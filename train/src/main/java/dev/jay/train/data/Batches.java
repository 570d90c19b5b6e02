// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.data;

import dev.jay.train.block.Batch;

/** Where batches come from: each follows from its number alone, so a run resumes anywhere. */
public interface Batches {
    /** The {@code number}-th batch, from 0, of so many sequences of one length. */
    Batch batch(long number, int sequences, int length);
}
