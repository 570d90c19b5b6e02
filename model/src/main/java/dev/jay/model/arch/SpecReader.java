// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import dev.jay.model.Experts;
import dev.jay.model.LayerAttention;
import dev.jay.model.ModelSpec;
import dev.jay.model.Pooling;
import dev.jay.model.Scales;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Metadata;
import java.util.ArrayList;
import java.util.List;

/** Reads a model's shapes from a file's keys. */
final class SpecReader {
    private static final int MOST_LAYERS = 4096; // far beyond any model; keeps lists of layers small
    private static final int MOST_HEADS = 4096;
    private static final int MOST_EXPERTS = 4096;

    private final Keys keys;

    SpecReader(Metadata metadata, String architecture) {
        this.keys = new Keys(metadata, architecture);
    }

    /**
     * A decoder whose layers are alike.
     *
     * @param interleaved how the family's files order the pairs that rotary positions turn
     */
    ModelSpec read(boolean interleaved) {
        return read(interleaved, "attention.layer_norm_rms_epsilon", Pooling.LAST);
    }

    /** An encoder, in which all tokens see each other. */
    ModelSpec readEncoder() {
        return read(false, "attention.layer_norm_epsilon", Pooling.MEAN).encoding();
    }

    private ModelSpec read(boolean interleaved, String epsilon, Pooling otherwise) {
        int dim = keys.positive("embedding_length", Keys.MOST_WIDTH);
        int heads = keys.positive("attention.head_count", MOST_HEADS);
        int kvHeads = keys.has("attention.head_count_kv") ? keys.positive("attention.head_count_kv", heads) : heads;
        if (heads % kvHeads != 0) {
            throw keys.malformed("attention.head_count_kv", kvHeads, "a divisor of attention.head_count=" + heads);
        }
        int headDim = headDim(dim, heads);
        if ((long) heads * headDim > Keys.MOST_WIDTH) {
            throw keys.malformed(
                    "attention.key_length", headDim, "at most " + Keys.MOST_WIDTH + " for all heads=" + heads);
        }
        ModelSpec spec = new ModelSpec(
                keys.architecture(),
                keys.positive("block_count", MOST_LAYERS),
                dim,
                heads,
                kvHeads,
                headDim,
                keys.positive("feed_forward_length", Keys.MOST_WIDTH),
                vocabulary(),
                keys.positive("context_length", Keys.MOST_POSITIONS),
                (float) keys.real(epsilon, 0, 1),
                new RotaryReader(keys, headDim, interleaved).read());
        return spec.withPooling(pooling(otherwise));
    }

    /** @param otherwise where the file says nothing, or that nothing is pooled */
    private Pooling pooling(Pooling otherwise) {
        return switch (keys.atMost("pooling_type", 4)) {
            case 1 -> Pooling.MEAN;
            case 2 -> Pooling.FIRST;
            case 3 -> Pooling.LAST;
            default -> otherwise; // 0: none; 4: a score of two texts, which is no pooling
        };
    }

    private int headDim(int dim, int heads) {
        int width;
        if (keys.has("attention.key_length")) {
            width = keys.positive("attention.key_length", Keys.MOST_WIDTH);
        } else if (dim % heads == 0) {
            width = dim / heads;
        } else {
            throw keys.malformed("attention.head_count", heads, "a divisor of embedding_length=" + dim);
        }
        int values = keys.metadata().integer(keys.key("attention.value_length"), width);
        if (values != width) throw keys.malformed("attention.value_length", values, "attention.key_length=" + width);
        return width;
    }

    /** Embeddings may be padded beyond the tokens; no token may lie beyond the embeddings, whatever the file says. */
    private int vocabulary() {
        String tokens = "tokenizer.ggml.tokens";
        int said = keys.has("vocab_size") ? keys.positive("vocab_size", Keys.MOST_WIDTH) : 0;
        if (!keys.metadata().has(tokens)) {
            if (said > 0) return said;
            throw new MalformedModelException("model file does not say how large its vocabulary is: it lacks '"
                    + keys.key("vocab_size") + "' and '" + tokens + "'");
        }
        List<?> list = keys.metadata().list(tokens);
        if (list.isEmpty() || list.size() > Keys.MOST_WIDTH) {
            throw new MalformedModelException(
                    "model file: '" + tokens + "' has " + list.size() + " tokens, allowed: 1 to " + Keys.MOST_WIDTH);
        }
        return Math.max(said, list.size());
    }

    /**
     * Gives windows to the layers that have one: where the file has a pattern of its own, to those that it names, else of
     * every {@code period} layers to all but the last.
     *
     * @param otherwise tokens of a window where the file says nothing; 0: no windows then
     * @param period    0: all layers have a window
     * @param localBase rotary base of layers with a window; 0: they turn as the others
     */
    ModelSpec windows(ModelSpec spec, int otherwise, int period, double localBase) {
        int window = keys.has("attention.sliding_window")
                ? keys.atMost("attention.sliding_window", Keys.MOST_POSITIONS)
                : otherwise;
        if (window == 0) return spec;
        List<LayerAttention> layers = new ArrayList<>();
        for (int l = 0; l < spec.layers(); l++) {
            LayerAttention plain = spec.attention().get(l);
            LayerAttention local = plain.withWindow(window);
            if (localBase != 0) {
                boolean interleaved = plain.rotary().interleaved();
                local = local.withRotary(new RotaryReader(keys, spec.headDim(), interleaved).local(localBase));
            }
            layers.add(isLocal(l, spec.layers(), period) ? local : plain);
        }
        return spec.withAttention(layers);
    }

    private boolean isLocal(int layer, int layers, int period) {
        String key = "attention.sliding_window_pattern";
        if (!keys.has(key)) return isLocal(layer, period);
        if (keys.metadata().values().get(keys.key(key)) instanceof List<?> flags) {
            if (flags.size() < layers || !(flags.get(layer) instanceof Boolean flag)) {
                throw keys.malformed(key, "of " + flags.size(), "true or false for each layer, or a number");
            }
            return flag;
        }
        return isLocal(layer, keys.atMost(key, MOST_LAYERS));
    }

    private static boolean isLocal(int layer, int period) {
        return period == 0 || layer % period < period - 1;
    }

    /** The caps of scores and of logits, where the file names them. */
    ModelSpec softCaps(ModelSpec spec) {
        float scores = (float) keys.real("attn_logit_softcapping", 0, 0, 1e9);
        float logits = (float) keys.real("final_logit_softcapping", 0, 0, 1e9);
        Scales s = spec.scales();
        return spec.withAttention(a -> a.withSoftCap(scores))
                .withScales(new Scales(s.embedding(), s.residual(), s.logits(), logits));
    }

    /** The factors between parts that a file names; its logits are divided by theirs. */
    ModelSpec scales(ModelSpec spec) {
        Scales scales = new Scales(factor("embedding_scale"), factor("residual_scale"), 1 / factor("logit_scale"), 0);
        return attentionScale(spec.withScales(scales));
    }

    /** What products of queries and keys are multiplied with, where the file says it. */
    ModelSpec attentionScale(ModelSpec spec) {
        double scale = keys.real("attention.scale", 0, 0, 1e9);
        return scale == 0 ? spec : spec.withAttention(a -> a.withScale((float) scale));
    }

    /** 1 where the file says nothing, or 0. */
    private float factor(String name) {
        double v = keys.real(name, 1, 0, 1e9);
        if (v != 0 && v < 1e-9) throw keys.malformed(name, v, "1e-9 to 1e9, or 0 for none");
        return v == 0 ? 1 : (float) v;
    }

    boolean hasExperts() {
        return keys.atMost("expert_count", MOST_EXPERTS) > 0;
    }

    /**
     * @param isNormed unless the file says otherwise
     * @param isShared whether every token uses one expert besides
     */
    ModelSpec experts(ModelSpec spec, boolean isNormed, boolean isShared) {
        int count = keys.positive("expert_count", MOST_EXPERTS);
        int hidden = width("expert_feed_forward_length", spec.hidden());
        int shared = isShared ? width("expert_shared_feed_forward_length", spec.hidden()) : 0;
        return spec.withExperts(new Experts(
                count,
                keys.positive("expert_used_count", count),
                hidden,
                keys.flag("expert_weights_norm", isNormed),
                factor("expert_weights_scale"),
                shared));
    }

    private int width(String name, int otherwise) {
        int said = keys.atMost(name, Keys.MOST_WIDTH);
        return said == 0 ? otherwise : said;
    }
}
