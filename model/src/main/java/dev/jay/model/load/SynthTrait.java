// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

/** In what a made-up model differs from a Llama: which tensors it has besides, or instead. */
public enum SynthTrait {
    /** The embedding is the head too. */
    SHARED_HEAD,
    /** On queries, keys and values. */
    BIASES,
    /** On queries and keys, one weight a channel of a head. */
    HEAD_NORMS,
    /** On queries and keys, over all heads together. */
    WHOLE_NORMS,
    /** Behind each part too, before it is added. */
    POST_NORMS,
    /** No norms before a part. */
    NO_PRE_NORMS,
    /** Queries, keys and values in one matrix; gate and up in another. */
    FUSED,
    /** Factors of frequencies for short and for long contexts. */
    LONG_FACTORS,
    /** In place of the MLP. */
    EXPERTS,
    /** Besides the others. */
    SHARED_EXPERT,
    /** Norms with biases behind each part, kinds of text, and no head. */
    ENCODER,
    /** A row for each position; an MLP without a gate, and biases everywhere. */
    LEARNT_PLACES
}
