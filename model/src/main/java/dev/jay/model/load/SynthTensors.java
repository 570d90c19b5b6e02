// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import static dev.jay.model.load.SynthTrait.BIASES;
import static dev.jay.model.load.SynthTrait.ENCODER;
import static dev.jay.model.load.SynthTrait.EXPERTS;
import static dev.jay.model.load.SynthTrait.FUSED;
import static dev.jay.model.load.SynthTrait.HEAD_NORMS;
import static dev.jay.model.load.SynthTrait.LEARNT_PLACES;
import static dev.jay.model.load.SynthTrait.LONG_FACTORS;
import static dev.jay.model.load.SynthTrait.NO_PRE_NORMS;
import static dev.jay.model.load.SynthTrait.POST_NORMS;
import static dev.jay.model.load.SynthTrait.SHARED_EXPERT;
import static dev.jay.model.load.SynthTrait.SHARED_HEAD;
import static dev.jay.model.load.SynthTrait.WHOLE_NORMS;

/** Which tensors a made-up model has, in the order of its file: the weights of each follow from its place in it. */
final class SynthTensors {
    private static final float NORM_DEVIATION = 0.1f;
    private static final float BIAS_DEVIATION = 0.05f;

    /** Takes them. */
    interface Sink {
        /** In the format asked for, around 0. */
        void matrix(String name, long cols, long... rows);

        /** In f32, around a mean. */
        void vector(String name, long size, float mean, float deviation);

        /** In f32, around 0. */
        void exact(String name, long cols, long rows);
    }

    private final SynthShape shape;
    private final int queries;
    private final int keys;

    SynthTensors(SynthShape shape) {
        this.shape = shape;
        this.queries = shape.heads() * shape.headDim();
        this.keys = shape.kvHeads() * shape.headDim();
    }

    void list(Sink to) {
        to.matrix("token_embd.weight", shape.dim(), shape.vocabulary());
        if (shape.has(LEARNT_PLACES)) to.exact("position_embd.weight", shape.dim(), shape.context());
        if (shape.has(ENCODER)) {
            to.exact("token_types.weight", shape.dim(), 2);
            layerNorm(to, "token_embd_norm");
        }
        if (shape.has(LONG_FACTORS)) {
            to.vector("rope_factors_long.weight", shape.headDim() / 2, 4, 0.5f);
            to.vector("rope_factors_short.weight", shape.headDim() / 2, 1, 0.05f);
        }
        for (int l = 0; l < shape.layers(); l++) layer(to, "blk." + l + ".");
        if (shape.has(ENCODER)) return;
        norm(to, "output_norm", shape.dim());
        if (!shape.has(SHARED_HEAD)) to.matrix("output.weight", shape.dim(), shape.vocabulary());
    }

    private void layer(Sink to, String block) {
        boolean isNormedBefore = !shape.has(NO_PRE_NORMS) && !shape.has(ENCODER);
        if (isNormedBefore) norm(to, block + "attn_norm", shape.dim());
        attention(to, block);
        to.matrix(block + "attn_output.weight", queries, shape.dim());
        if (shape.has(POST_NORMS)) norm(to, block + "post_attention_norm", shape.dim());
        if (shape.has(ENCODER)) layerNorm(to, block + "attn_output_norm");
        if (isNormedBefore) norm(to, block + "ffn_norm", shape.dim());
        if (shape.has(EXPERTS)) experts(to, block);
        else mlp(to, block);
        if (shape.has(POST_NORMS)) norm(to, block + "post_ffw_norm", shape.dim());
        if (shape.has(ENCODER)) layerNorm(to, block + "layer_output_norm");
    }

    private void attention(Sink to, String block) {
        if (shape.has(FUSED)) {
            to.matrix(block + "attn_qkv.weight", shape.dim(), queries + 2L * keys);
        } else {
            to.matrix(block + "attn_q.weight", shape.dim(), queries);
            to.matrix(block + "attn_k.weight", shape.dim(), keys);
            to.matrix(block + "attn_v.weight", shape.dim(), keys);
        }
        if (shape.has(BIASES)) {
            bias(to, block + "attn_q", queries);
            bias(to, block + "attn_k", keys);
            bias(to, block + "attn_v", keys);
        }
        if (shape.has(HEAD_NORMS)) {
            norm(to, block + "attn_q_norm", shape.headDim());
            norm(to, block + "attn_k_norm", shape.headDim());
        }
        if (shape.has(WHOLE_NORMS)) {
            norm(to, block + "attn_q_norm", queries);
            norm(to, block + "attn_k_norm", keys);
        }
    }

    private void mlp(Sink to, String block) {
        boolean isFused = shape.has(FUSED) && !shape.has(ENCODER);
        if (!isFused && !shape.has(LEARNT_PLACES)) to.matrix(block + "ffn_gate.weight", shape.dim(), shape.hidden());
        to.matrix(block + "ffn_up.weight", shape.dim(), isFused ? 2L * shape.hidden() : shape.hidden());
        to.matrix(block + "ffn_down.weight", shape.hidden(), shape.dim());
        if (shape.has(LEARNT_PLACES)) {
            bias(to, block + "attn_output", shape.dim());
            bias(to, block + "ffn_up", shape.hidden());
            bias(to, block + "ffn_down", shape.dim());
        }
    }

    private void experts(Sink to, String block) {
        int hidden = shape.expertHidden();
        to.exact(block + "ffn_gate_inp.weight", shape.dim(), shape.experts());
        to.matrix(block + "ffn_gate_exps.weight", shape.dim(), hidden, shape.experts());
        to.matrix(block + "ffn_up_exps.weight", shape.dim(), hidden, shape.experts());
        to.matrix(block + "ffn_down_exps.weight", hidden, shape.dim(), shape.experts());
        if (!shape.has(SHARED_EXPERT)) return;
        to.vector(block + "ffn_gate_inp_shexp.weight", shape.dim(), 0, NORM_DEVIATION);
        to.matrix(block + "ffn_gate_shexp.weight", shape.dim(), shape.sharedHidden());
        to.matrix(block + "ffn_up_shexp.weight", shape.dim(), shape.sharedHidden());
        to.matrix(block + "ffn_down_shexp.weight", shape.sharedHidden(), shape.dim());
    }

    private static void norm(Sink to, String site, int width) {
        to.vector(site + ".weight", width, 1, NORM_DEVIATION);
    }

    private static void bias(Sink to, String site, int width) {
        to.vector(site + ".bias", width, 0, BIAS_DEVIATION);
    }

    private void layerNorm(Sink to, String site) {
        norm(to, site, shape.dim());
        bias(to, site, shape.dim());
    }
}
