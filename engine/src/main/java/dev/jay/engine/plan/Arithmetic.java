// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import java.util.Map;

/**
 * What a token costs, by shapes alone. Of experts those that it uses count.
 *
 * @param layerBytes      bytes of the layers' matrices, by the name of their format
 * @param layerWeights    weights in them
 * @param layerInputs     values of a token that go into them, of those that share an input once, by their format
 * @param layerOutputs    values of a token that come out of them
 * @param headBytes       bytes of the head's matrix, by its format
 * @param layers          layers
 * @param kvTokenBytes    bytes of keys and values of one token, in fast mode
 * @param attentionFlops  operations of one token's attention to one other, over all layers
 * @param rowValues       values of a token that norms, turns, additions and activations go over, in all layers
 */
public record Arithmetic(
        Map<String, Long> layerBytes,
        Map<String, Long> layerWeights,
        Map<String, Long> layerInputs,
        Map<String, Long> layerOutputs,
        Map<String, Long> headBytes,
        int layers,
        long kvTokenBytes,
        long attentionFlops,
        long rowValues) {}
