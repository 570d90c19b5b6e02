// SPDX-License-Identifier: Apache-2.0
package dev.jay.model;

/** How the rows of a text's tokens, as the head would see them, become one vector. */
public enum Pooling {
    /** Their mean. */
    MEAN,
    /** That of the first token: what encoders with a classification token are trained for. */
    FIRST,
    /** That of the last token: the only one of a decoder that has seen all of the text. */
    LAST
}
