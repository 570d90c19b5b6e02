// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.format.Floats;
import dev.jay.train.block.Batch;
import dev.jay.train.block.Parameter;
import dev.jay.train.block.Parameters;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * The loss of a llama, or a qwen, in double precision and plain loops; shares no code with the product. Biases, norms of
 * heads and adapters count where there are some.
 */
final class Float64Llama {
    private final ModelSpec spec;
    private final boolean tied;
    private final double adapterScale;
    private final Map<String, double[]> w = new HashMap<>();

    Float64Llama(ModelSpec spec, Map<String, double[]> weights, double adapterScale) {
        this.spec = spec;
        this.tied = !weights.containsKey("output.weight");
        this.adapterScale = adapterScale;
        w.putAll(weights);
    }

    Float64Llama(Parameters parameters) {
        this.spec = parameters.spec();
        this.tied = parameters.tied();
        this.adapterScale = 0;
        for (Parameter p : parameters.all()) {
            double[] values = new double[(int) p.count()];
            for (int i = 0; i < values.length; i++) values[i] = Floats.get(p.value(), i);
            w.put(p.name(), values);
        }
    }

    /** How the loss changes with one weight: a central difference. */
    double slope(Batch batch, String name, int index) {
        double[] values = w.get(name);
        double before = values[index];
        double step = 1e-5;
        values[index] = before + step;
        double up = loss(batch);
        values[index] = before - step;
        double down = loss(batch);
        values[index] = before;
        return (up - down) / (2 * step);
    }

    /** The sum of the losses of all targets. */
    double loss(Batch batch) {
        double sum = 0;
        for (int from = 0; from < batch.tokens().length; from += batch.length()) sum += sequence(batch, from);
        return sum;
    }

    private double sequence(Batch batch, int from) {
        int n = batch.length();
        double[][] x = new double[n][spec.dim()];
        for (int t = 0; t < n; t++) {
            System.arraycopy(w.get("token_embd.weight"), batch.tokens()[from + t] * spec.dim(), x[t], 0, spec.dim());
        }
        for (int l = 0; l < spec.layers(); l++) {
            attend("blk." + l + ".", x);
            for (double[] row : x) feedForward("blk." + l + ".", row);
        }
        double sum = 0;
        for (int t = 0; t < n; t++) {
            int target = batch.targets()[from + t];
            if (target == Batch.IGNORED) continue;
            double[] logits = times(tied ? "token_embd.weight" : "output.weight", norm(x[t], "output_norm.weight"));
            double all = 0;
            for (double z : logits) all += Math.exp(z);
            sum += Math.log(all) - logits[target];
        }
        return sum;
    }

    private void attend(String p, double[][] x) {
        int d = spec.headDim();
        double[][] keys = new double[x.length][];
        double[][] values = new double[x.length][];
        for (int t = 0; t < x.length; t++) {
            double[] in = norm(x[t], p + "attn_norm.weight");
            double[] q = turned(headsOf(p + "attn_q", in), t);
            keys[t] = turned(headsOf(p + "attn_k", in), t);
            values[t] = times(p + "attn_v.weight", in);
            double[] mixed = new double[q.length];
            for (int h = 0; h < spec.heads(); h++) {
                int kv = h / (spec.heads() / spec.kvHeads()) * d;
                double[] weights = new double[t + 1];
                double sum = 0;
                for (int s = 0; s <= t; s++) {
                    double dot = 0;
                    for (int i = 0; i < d; i++) dot += q[h * d + i] * keys[s][kv + i];
                    weights[s] = Math.exp(dot / Math.sqrt(d));
                    sum += weights[s];
                }
                for (int s = 0; s <= t; s++) {
                    for (int i = 0; i < d; i++) mixed[h * d + i] += weights[s] / sum * values[s][kv + i];
                }
            }
            add(x[t], times(p + "attn_output.weight", mixed));
        }
    }

    private double[] headsOf(String site, double[] in) {
        double[] all = times(site + ".weight", in);
        if (!w.containsKey(site + "_norm.weight")) return all;
        for (int from = 0; from < all.length; from += spec.headDim()) {
            double[] head = Arrays.copyOfRange(all, from, from + spec.headDim());
            System.arraycopy(norm(head, site + "_norm.weight"), 0, all, from, head.length);
        }
        return all;
    }

    private double[] turned(double[] heads, int position) {
        int d = spec.headDim();
        for (int h = 0; h < heads.length; h += d) {
            int pairs = spec.rotary().dim() / 2;
            float[] factors = spec.rotary().factors();
            for (int i = 0; i < pairs; i++) {
                double angle = position / Math.pow(spec.rotary().base(), (double) i / pairs);
                if (factors.length > 0) angle /= factors[i];
                int a = h + (spec.rotary().interleaved() ? 2 * i : i);
                int b = a + (spec.rotary().interleaved() ? 1 : pairs);
                double re = heads[a] * Math.cos(angle) - heads[b] * Math.sin(angle);
                heads[b] = heads[a] * Math.sin(angle) + heads[b] * Math.cos(angle);
                heads[a] = re;
            }
        }
        return heads;
    }

    private void feedForward(String p, double[] row) {
        double[] in = norm(row, p + "ffn_norm.weight");
        double[] gate = times(p + "ffn_gate.weight", in);
        double[] up = times(p + "ffn_up.weight", in);
        for (int i = 0; i < gate.length; i++) gate[i] = gate[i] / (1 + Math.exp(-gate[i])) * up[i];
        add(row, times(p + "ffn_down.weight", gate));
    }

    private double[] norm(double[] x, String gain) {
        double squares = 0;
        for (double v : x) squares += v * v;
        double size = Math.sqrt(squares / x.length + spec.normEps());
        double[] out = new double[x.length];
        for (int i = 0; i < x.length; i++) out[i] = x[i] / size * w.get(gain)[i];
        return out;
    }

    private double[] times(String name, double[] x) {
        double[] y = product(name, x);
        double[] bias = w.get(name.replace(".weight", ".bias"));
        if (bias != null) add(y, bias);
        if (!w.containsKey(name + ".lora_a")) return y;
        double[] low = product(name + ".lora_b", product(name + ".lora_a", x));
        for (int r = 0; r < y.length; r++) y[r] += adapterScale * low[r];
        return y;
    }

    private double[] product(String name, double[] x) {
        double[] m = w.get(name);
        double[] y = new double[m.length / x.length];
        for (int r = 0; r < y.length; r++) {
            for (int i = 0; i < x.length; i++) y[r] += m[r * x.length + i] * x[i];
        }
        return y;
    }

    private static void add(double[] x, double[] y) {
        for (int i = 0; i < x.length; i++) x[i] += y[i];
    }
}
