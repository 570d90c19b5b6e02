// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import dev.jay.model.ModelSpec.Rotary;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Safetensors;
import java.util.Arrays;

/**
 * How a file says that positions turn, and how that was stretched to contexts longer than it was trained with. Each
 * stretching comes down to a factor for each frequency, and to one amplitude.
 */
final class RotaryReader {
    private static final float[] NO_FACTORS = {};

    private final Keys keys;
    private final int dim;
    private final boolean interleaved;

    RotaryReader(Keys keys, int headDim, boolean interleaved) {
        this.keys = keys;
        this.dim = keys.has("rope.dimension_count") ? keys.positive("rope.dimension_count", headDim) : headDim;
        this.interleaved = interleaved && !keys.metadata().flag(Safetensors.HALVES, false);
        if (dim % 2 != 0) throw keys.malformed("rope.dimension_count", dim, "an even number");
    }

    /** As the file's keys say. */
    Rotary read() {
        double base = keys.real("rope.freq_base", 10_000, 1, 1e30);
        String type = keys.text("rope.scaling.type").orElse("linear");
        float amplitude = (float) keys.real("rope.scaling.attn_factor", 1, 1e-3, 1e3);
        return switch (type) {
            case "none" -> new Rotary(dim, base, interleaved, NO_FACTORS);
            case "linear" -> new Rotary(dim, base, interleaved, uniform(), amplitude, 0);
            case "yarn" -> new Rotary(dim, base, interleaved, yarn(base), amplitude * yarnAmplitude(), 0);
            case "llama3" -> new Rotary(dim, base, interleaved, llama3(base), amplitude, 0);
            case "longrope", "su" -> new Rotary(dim, base, interleaved, NO_FACTORS, amplitude, original());
            default ->
                throw new MalformedModelException("not supported: " + keys.key("rope.scaling.type") + "="
                        + MalformedModelException.shown(type)
                        + ", supported=[none, linear, yarn, llama3, longrope, su]");
        };
    }

    /** For layers with a window, where a family turns these in another way. */
    Rotary local(double base) {
        return new Rotary(dim, keys.real("rope.freq_base_swa", base, 1, 1e30), interleaved, NO_FACTORS);
    }

    private double factor() {
        double said = keys.real("rope.scaling.factor", keys.real("rope.scale_linear", 1, 0, 1e6), 0, 1e6);
        if (said == 0) return 1; // files write 0 for none
        if (said < 1e-6) throw keys.malformed("rope.scaling.factor", said, "1e-6 to 1e6, or 0 for none");
        return said;
    }

    private int original() {
        return keys.positive("rope.scaling.original_context_length", Keys.MOST_POSITIONS);
    }

    private float[] uniform() {
        double factor = factor();
        if (factor == 1) return NO_FACTORS;
        float[] factors = new float[dim / 2];
        Arrays.fill(factors, (float) factor);
        return factors;
    }

    /**
     * Pairs that turn often within the original context stay; those that turn less than once are slowed down by the whole
     * factor; between the two there is a ramp (YaRN).
     */
    private float[] yarn(double base) {
        if (base <= 1) throw keys.malformed("rope.freq_base", base, "more than 1 for YaRN");
        double low = Math.max(0, Math.floor(pairOf(keys.real("rope.scaling.yarn_beta_fast", 32, 1e-3, 1e6), base)));
        double high =
                Math.min(dim - 1, Math.ceil(pairOf(keys.real("rope.scaling.yarn_beta_slow", 1, 1e-3, 1e6), base)));
        double factor = factor();
        float[] factors = new float[dim / 2];
        for (int i = 0; i < factors.length; i++) {
            double slowed = Math.clamp((i - low) / Math.max(1e-3, high - low), 0, 1);
            factors[i] = (float) (1 / (slowed / factor + (1 - slowed)));
        }
        return factors;
    }

    /** The pair, with a fraction, that turns so many times within the original context. */
    private double pairOf(double turns, double base) {
        return dim * Math.log(original() / (turns * 2 * Math.PI)) / (2 * Math.log(base));
    }

    private float yarnAmplitude() {
        double own = amplitudeOf(1);
        double divisor = keys.real("rope.scaling.yarn_log_multiplier", 0, 0, 100);
        return (float) (divisor == 0 ? own : own / amplitudeOf(divisor));
    }

    private double amplitudeOf(double multiplier) {
        double factor = factor();
        return factor <= 1 ? 1 : 1 + 0.1 * multiplier * Math.log(factor);
    }

    /** As YaRN, with the ramp over the frequencies instead of the pairs (Llama 3.1). GGUF files carry the factors. */
    private float[] llama3(double base) {
        double factor = factor();
        double low = keys.real("rope.scaling.low_freq_factor", 1, 1e-3, 1e6);
        double high = keys.real("rope.scaling.high_freq_factor", 4, 1e-3, 1e6);
        int original = original();
        if (high <= low)
            throw keys.malformed("rope.scaling.high_freq_factor", high, "more than low_freq_factor=" + low);
        float[] factors = new float[dim / 2];
        for (int i = 0; i < factors.length; i++) {
            double turns = original * Math.pow(base, -2.0 * i / dim) / (2 * Math.PI);
            double kept = Math.clamp((turns - low) / (high - low), 0, 1);
            factors[i] = (float) (1 / ((1 - kept) / factor + kept));
        }
        return factors;
    }
}
