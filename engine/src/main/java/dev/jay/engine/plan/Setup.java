// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

/**
 * One way to open a model.
 *
 * @param streamed      whether weights that do not fit are read for every pass; otherwise all of them stay in memory
 * @param contextLength the most tokens of a sequence
 * @param parallel      sequences of that length that the KV pages are made for
 * @param stepTokens    the most tokens of a step
 * @param layerRows     of these, how many go through a layer at a time, while its weights are held
 */
public record Setup(boolean streamed, int contextLength, int parallel, int stepTokens, int layerRows) {}
