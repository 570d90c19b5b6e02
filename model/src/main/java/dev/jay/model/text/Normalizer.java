// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

/** Rewrites a text before it is cut. Stateless; linear in the text. */
interface Normalizer {
    String apply(String text);
}
