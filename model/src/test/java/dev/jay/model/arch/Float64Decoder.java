// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import java.util.Map;

/**
 * What llama, qwen2 and qwen3 compute, in double precision and plain loops, one whole sequence at a time, without a cache.
 * Shares no code with the product.
 */
final class Float64Decoder {
    final double[][] logits; // [token][vocabulary]
    final double[][][] hidden; // [token][layer][dim]

    private final RandomModel model;
    private final Map<String, double[][]> w;

    Float64Decoder(RandomModel model, int[] tokens) {
        this.model = model;
        this.w = model.doubles;
        this.logits = new double[tokens.length][];
        this.hidden = new double[tokens.length][RandomModel.LAYERS][];
        double[][] x = new double[tokens.length][];
        for (int t = 0; t < tokens.length; t++) x[t] = w.get("token_embd.weight")[tokens[t]].clone();
        for (int l = 0; l < RandomModel.LAYERS; l++) {
            attend("blk." + l + ".", x);
            feedForward("blk." + l + ".", x);
            for (int t = 0; t < tokens.length; t++) hidden[t][l] = x[t].clone();
        }
        double[][] head = w.getOrDefault("output.weight", w.get("token_embd.weight"));
        for (int t = 0; t < tokens.length; t++)
            logits[t] = times(head, norm(x[t], w.get("output_norm.weight")[0]), null);
    }

    private void attend(String p, double[][] x) {
        int group = RandomModel.HEADS / RandomModel.KV_HEADS;
        int d = RandomModel.HEAD_DIM;
        double[][][] keys = new double[x.length][][];
        double[][][] values = new double[x.length][][];
        for (int t = 0; t < x.length; t++) {
            double[] in = norm(x[t], w.get(p + "attn_norm.weight")[0]);
            double[][] queries = heads(p, "attn_q", in, t, true);
            keys[t] = heads(p, "attn_k", in, t, true);
            values[t] = heads(p, "attn_v", in, t, false);
            double[] mixed = new double[RandomModel.HEADS * d];
            for (int h = 0; h < RandomModel.HEADS; h++) {
                double[] weights = new double[t + 1];
                double sum = 0;
                for (int s = 0; s <= t; s++) {
                    weights[s] = Math.exp(dot(queries[h], keys[s][h / group]) / Math.sqrt(d));
                    sum += weights[s];
                }
                for (int s = 0; s <= t; s++) {
                    for (int i = 0; i < d; i++) mixed[h * d + i] += weights[s] / sum * values[s][h / group][i];
                }
            }
            add(x[t], times(w.get(p + "attn_output.weight"), mixed, null));
        }
    }

    /** [head][width], normed where the family does and turned by the position. */
    private double[][] heads(String p, String name, double[] in, int position, boolean turned) {
        double[] all = times(w.get(p + name + ".weight"), in, w.get(p + name + ".bias"));
        double[][] heads = new double[all.length / RandomModel.HEAD_DIM][RandomModel.HEAD_DIM];
        for (int h = 0; h < heads.length; h++) {
            System.arraycopy(all, h * RandomModel.HEAD_DIM, heads[h], 0, RandomModel.HEAD_DIM);
            double[][] gain = w.get(p + name + "_norm.weight");
            if (gain != null) heads[h] = norm(heads[h], gain[0]);
            if (turned) turn(heads[h], position);
        }
        return heads;
    }

    private void turn(double[] head, int position) {
        double base = model.family.equals("qwen2") ? 1e6 : 1e4;
        int half = model.rotaryDim / 2;
        for (int i = 0; i < half; i++) {
            double angle = position / Math.pow(base, (double) i / half);
            if (w.containsKey("rope_freqs.weight")) angle /= w.get("rope_freqs.weight")[0][i];
            if (model.family.equals("qwen3")) angle /= RandomModel.LINEAR_FACTOR;
            int a = model.family.equals("llama") ? 2 * i : i;
            int b = model.family.equals("llama") ? 2 * i + 1 : i + half;
            double re = head[a] * Math.cos(angle) - head[b] * Math.sin(angle);
            head[b] = head[a] * Math.sin(angle) + head[b] * Math.cos(angle);
            head[a] = re;
        }
    }

    private void feedForward(String p, double[][] x) {
        for (double[] row : x) {
            double[] in = norm(row, w.get(p + "ffn_norm.weight")[0]);
            double[] gate = times(w.get(p + "ffn_gate.weight"), in, null);
            double[] up = times(w.get(p + "ffn_up.weight"), in, null);
            for (int i = 0; i < gate.length; i++) gate[i] = gate[i] / (1 + Math.exp(-gate[i])) * up[i];
            add(row, times(w.get(p + "ffn_down.weight"), gate, null));
        }
    }

    private static double[] norm(double[] x, double[] gain) {
        double size = Math.sqrt(dot(x, x) / x.length + RandomModel.EPS);
        double[] out = new double[x.length];
        for (int i = 0; i < x.length; i++) out[i] = x[i] / size * gain[i];
        return out;
    }

    private static double[] times(double[][] rows, double[] x, double[][] bias) {
        double[] y = new double[rows.length];
        for (int r = 0; r < rows.length; r++) y[r] = dot(rows[r], x) + (bias == null ? 0 : bias[0][r]);
        return y;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) sum += a[i] * b[i];
        return sum;
    }

    private static void add(double[] x, double[] y) {
        for (int i = 0; i < x.length; i++) x[i] += y[i];
    }
}
