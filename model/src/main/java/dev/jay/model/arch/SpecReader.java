// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import dev.jay.model.ModelSpec;
import dev.jay.model.Pooling;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Metadata;
import dev.jay.model.load.Safetensors;
import java.util.Arrays;
import java.util.List;

/** Reads a decoder's shapes from keys such as {@code llama.block_count}, and trusts none: model files may be hostile. */
final class SpecReader {
    private static final int MOST_LAYERS = 4096; // far beyond any model; keeps lists of layers small
    private static final int MOST_HEADS = 4096;
    private static final int MOST_WIDTH = 1 << 24; // products of two widths and a row count stay within a long
    private static final int MOST_POSITIONS = 1 << 30;
    private static final float[] NO_FACTORS = {};

    private final Metadata metadata;
    private final String architecture;

    SpecReader(Metadata metadata, String architecture) {
        this.metadata = metadata;
        this.architecture = architecture;
    }

    /** @param interleaved how the family's files order the pairs that rotary positions turn */
    ModelSpec read(boolean interleaved) {
        int dim = positive("embedding_length", MOST_WIDTH);
        int heads = positive("attention.head_count", MOST_HEADS);
        int kvHeads = metadata.has(key("attention.head_count_kv")) ? positive("attention.head_count_kv", heads) : heads;
        if (heads % kvHeads != 0) {
            throw malformed("attention.head_count_kv", kvHeads, "a divisor of attention.head_count=" + heads);
        }
        int headDim = headDim(dim, heads);
        if ((long) heads * headDim > MOST_WIDTH) {
            throw malformed("attention.key_length", headDim, "at most " + MOST_WIDTH + " for all heads=" + heads);
        }
        return new ModelSpec(
                architecture,
                positive("block_count", MOST_LAYERS),
                dim,
                heads,
                kvHeads,
                headDim,
                positive("feed_forward_length", MOST_WIDTH),
                vocabulary(),
                positive("context_length", MOST_POSITIONS),
                (float) finite(
                        "attention.layer_norm_rms_epsilon",
                        metadata.real(key("attention.layer_norm_rms_epsilon")),
                        0,
                        1),
                rotary(headDim, interleaved),
                pooling(Pooling.LAST));
    }

    /** @param otherwise where the file says nothing, or that nothing is pooled */
    private Pooling pooling(Pooling otherwise) {
        return switch (metadata.integer(key("pooling_type"), 0)) {
            case 1 -> Pooling.MEAN;
            case 2 -> Pooling.FIRST;
            case 3 -> Pooling.LAST;
            default -> otherwise; // 0: none; 4: a score of two texts, which is no pooling
        };
    }

    private int headDim(int dim, int heads) {
        int width;
        if (metadata.has(key("attention.key_length"))) {
            width = positive("attention.key_length", MOST_WIDTH);
        } else if (dim % heads == 0) {
            width = dim / heads;
        } else {
            throw malformed("attention.head_count", heads, "a divisor of embedding_length=" + dim);
        }
        int values = metadata.integer(key("attention.value_length"), width);
        if (values != width) throw malformed("attention.value_length", values, "attention.key_length=" + width);
        return width;
    }

    /** Embeddings may be padded beyond the tokens; no token may lie beyond the embeddings, whatever the file says. */
    private int vocabulary() {
        String tokens = "tokenizer.ggml.tokens";
        int said = metadata.has(key("vocab_size")) ? positive("vocab_size", MOST_WIDTH) : 0;
        if (!metadata.has(tokens)) {
            if (said > 0) return said;
            throw new MalformedModelException("model file does not say how large its vocabulary is: it lacks '"
                    + key("vocab_size") + "' and '" + tokens + "'");
        }
        List<?> list = metadata.list(tokens);
        if (list.isEmpty() || list.size() > MOST_WIDTH) {
            throw new MalformedModelException(
                    "model file: '" + tokens + "' has " + list.size() + " tokens, allowed: 1 to " + MOST_WIDTH);
        }
        return Math.max(said, list.size());
    }

    private ModelSpec.Rotary rotary(int headDim, boolean interleaved) {
        int dim = metadata.has(key("rope.dimension_count")) ? positive("rope.dimension_count", headDim) : headDim;
        if (dim % 2 != 0) throw malformed("rope.dimension_count", dim, "an even number");
        double base = finite("rope.freq_base", metadata.real(key("rope.freq_base"), 10_000), 1, 1e30);
        boolean sideBySide = interleaved && !metadata.flag(Safetensors.HALVES, false);
        return new ModelSpec.Rotary(dim, base, sideBySide, scaling(dim));
    }

    private float[] scaling(int dim) {
        String type = metadata.optionalText(key("rope.scaling.type")).orElse("linear");
        if (type.equals("none")) return NO_FACTORS;
        if (!type.equals("linear")) {
            throw new MalformedModelException("not yet supported: " + key("rope.scaling.type") + "="
                    + MalformedModelException.shown(type) + ", supported=[none, linear]");
        }
        double factor = metadata.real(key("rope.scaling.factor"), metadata.real(key("rope.scale_linear"), 1));
        if (factor == 0 || factor == 1) return NO_FACTORS; // files write 0 for none
        float[] factors = new float[dim / 2];
        Arrays.fill(factors, (float) finite("rope.scaling.factor", factor, 1e-6, 1e6));
        return factors;
    }

    private int positive(String name, int most) {
        int v = metadata.integer(key(name));
        if (v < 1 || v > most) throw malformed(name, v, "1 to " + most);
        return v;
    }

    private double finite(String name, double v, double least, double most) {
        if (!(v >= least && v <= most)) throw malformed(name, v, least + " to " + most);
        return v;
    }

    private MalformedModelException malformed(String name, Number got, String allowed) {
        return new MalformedModelException("model file: " + key(name) + "=" + got + ", allowed: " + allowed);
    }

    private String key(String name) {
        return architecture + "." + name;
    }
}
