// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

/** Told how far the writing of a model file is, on the thread that writes it. */
public interface WriteProgress {
    /** @param doneBytes of all tensors' {@code totalBytes}; {@code tensor} is the one being written */
    void wrote(long doneBytes, long totalBytes, String tensor);
}
