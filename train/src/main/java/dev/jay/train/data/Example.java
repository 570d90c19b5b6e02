// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.data;

/**
 * One text to tune on. Borrows its arrays.
 *
 * @param tokens of it
 * @param learnt whether each token is to be learnt where it follows the one before; the first never is
 */
public record Example(int[] tokens, boolean[] learnt) {
    public Example {
        if (tokens.length != learnt.length) {
            throw new IllegalArgumentException("example: tokens=" + tokens.length + ", learnt=" + learnt.length);
        }
    }
}
