// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.codec;

import dev.jay.tensor.format.GroupFormat;

/**
 * Rows of all heads side by side that are a basis's mean, and the sum of its first directions, each times a feature.
 *
 * @param format of a group of features; wider than there are directions where the last features are always zero
 */
public record KvFeatures(GroupFormat format, KvBasis basis) {}
