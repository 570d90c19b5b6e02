// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

/** One step that cuts text further, or writes it anew, before a model makes tokens within each piece. Stateless. */
interface PieceStep {
    Pieces apply(Pieces in);
}
