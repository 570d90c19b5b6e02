// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What every family computes, in double precision and plain loops, one whole sequence at a time, without a cache. Shares
 * no code with the product.
 */
final class Float64Decoder {
    final double[][] logits; // [token][vocabulary]; null of an encoder
    final double[][][] hidden; // [token][layer][dim]
    final double[][][] scores; // [token][layer][expert], of the router; null without experts

    private static final int WIDTH = RandomModel.HEAD_DIM;

    private final RandomModel model;
    private final TestFamily family;
    private final Map<String, double[][]> w;
    private final List<Exchange> exchanges;

    Float64Decoder(RandomModel model, int[] tokens) {
        this(model, tokens, List.of());
    }

    /** One expert of a token taken in place of another. */
    record Exchange(int token, int layer, int out, int in) {}

    /** @param exchanges choices of experts that are made otherwise */
    Float64Decoder(RandomModel model, int[] tokens, List<Exchange> exchanges) {
        this.model = model;
        this.exchanges = exchanges;
        this.scores = new double[tokens.length][model.family.layers][];
        this.family = model.family;
        this.w = model.doubles;
        this.hidden = new double[tokens.length][family.layers][];
        double[][] x = embed(tokens);
        for (int l = 0; l < family.layers; l++) {
            String p = "blk." + l + ".";
            double[][] attended = attend(l, p, into(x, p + "attn_norm"));
            for (int t = 0; t < x.length; t++) {
                leave(x, t, attended[t], p + "post_attention_norm", p + "attn_output_norm");
            }
            double[][] in = into(x, p + "ffn_norm");
            for (int t = 0; t < x.length; t++) {
                double[] y = family.experts > 0 ? experts(t, l, in[t]) : mlp(p, in[t]);
                leave(x, t, y, p + "post_ffw_norm", p + "layer_output_norm");
                hidden[t][l] = x[t].clone();
            }
        }
        this.logits = family.isEncoder ? null : logits(x);
    }

    private double[][] embed(int[] tokens) {
        double[][] x = new double[tokens.length][];
        double scale = family.embeddingScale == 0 ? Math.sqrt(model.dim) : family.embeddingScale;
        for (int t = 0; t < tokens.length; t++) {
            x[t] = scaled(w.get("token_embd.weight")[tokens[t]], scale);
            if (!family.isEncoder) continue;
            add(x[t], w.get("token_types.weight")[0]);
            if (family.hasPlaces) add(x[t], w.get("position_embd.weight")[t]);
            x[t] = layerNorm(x[t], "token_embd_norm");
        }
        return x;
    }

    private double[][] logits(double[][] x) {
        double[][] head = w.get(family.isTied ? "token_embd.weight" : "output.weight");
        double[][] all = new double[x.length][];
        for (int t = 0; t < x.length; t++) {
            all[t] = scaled(times(head, norm(x[t], w.get("output_norm.weight")[0]), null), family.logitScale);
            for (int i = 0; i < all[t].length && family.logitCap != 0; i++) {
                all[t][i] = family.logitCap * Math.tanh(all[t][i] / family.logitCap);
            }
        }
        return all;
    }

    private double[][] into(double[][] x, String norm) {
        boolean isNormed = family.norms == TestFamily.Norms.BEFORE || family.norms == TestFamily.Norms.BOTH_SIDES;
        return Arrays.stream(x)
                .map(row -> isNormed ? norm(row, w.get(norm + ".weight")[0]) : row.clone())
                .toArray(double[][]::new);
    }

    private void leave(double[][] x, int t, double[] y, String inner, String after) {
        boolean isInner = family.norms == TestFamily.Norms.INSIDE || family.norms == TestFamily.Norms.BOTH_SIDES;
        add(x[t], scaled(isInner ? norm(y, w.get(inner + ".weight")[0]) : y, family.residualScale));
        if (family.norms == TestFamily.Norms.AFTER) x[t] = layerNorm(x[t], after);
    }

    private double[][] attend(int layer, String p, double[][] in) {
        int group = RandomModel.HEADS / RandomModel.KV_HEADS;
        double[][][] queries = new double[in.length][][];
        double[][][] keys = new double[in.length][][];
        double[][][] values = new double[in.length][][];
        for (int t = 0; t < in.length; t++) {
            queries[t] = turned(layer, heads(p, "attn_q", in[t]), t);
            keys[t] = turned(layer, heads(p, "attn_k", in[t]), t);
            values[t] = heads(p, "attn_v", in[t]);
        }
        double[][] out = new double[in.length][];
        for (int t = 0; t < in.length; t++) {
            double[] mixed = new double[RandomModel.HEADS * WIDTH];
            int first = family.isLocal(layer) ? Math.max(0, t + 1 - family.window) : 0;
            int end = family.isEncoder ? in.length : t + 1;
            for (int h = 0; h < RandomModel.HEADS; h++) {
                double[] weights = new double[end];
                double sum = 0;
                for (int s = first; s < end; s++) {
                    double score = dot(queries[t][h], keys[s][h / group]) * family.scale;
                    if (family.scoreCap != 0) score = family.scoreCap * Math.tanh(score / family.scoreCap);
                    weights[s] = Math.exp(score);
                    sum += weights[s];
                }
                for (int s = first; s < end; s++) {
                    for (int i = 0; i < WIDTH; i++) mixed[h * WIDTH + i] += weights[s] / sum * values[s][h / group][i];
                }
            }
            out[t] = times(w.get(p + "attn_output.weight"), mixed, w.get(p + "attn_output.bias"));
        }
        return out;
    }

    /** [head][width], normed where the family does. */
    private double[][] heads(String p, String name, double[] in) {
        double[] all = times(rows(p, name), in, w.get(p + name + ".bias"));
        double[][] gain = w.get(p + name + "_norm.weight");
        if (gain != null && family.headNorms == TestFamily.HeadNorms.ALL) all = norm(all, gain[0]);
        double[][] heads = new double[all.length / WIDTH][WIDTH];
        for (int h = 0; h < heads.length; h++) {
            System.arraycopy(all, h * WIDTH, heads[h], 0, WIDTH);
            if (gain != null && family.headNorms == TestFamily.HeadNorms.EACH) heads[h] = norm(heads[h], gain[0]);
        }
        return heads;
    }

    /** Of one matrix with the others: queries, then keys, then values. */
    private double[][] rows(String p, String name) {
        if (!family.isFused) return w.get(p + name + ".weight");
        double[][] all = w.get(p + "attn_qkv.weight");
        int q = RandomModel.HEADS * WIDTH;
        int kv = RandomModel.KV_HEADS * WIDTH;
        return switch (name) {
            case "attn_q" -> Arrays.copyOf(all, q);
            case "attn_k" -> Arrays.copyOfRange(all, q, q + kv);
            default -> Arrays.copyOfRange(all, q + kv, q + 2 * kv);
        };
    }

    private double[][] turned(int layer, double[][] heads, int position) {
        if (!family.isTurned(layer)) return heads;
        int half = family.rotaryDim / 2;
        double amplitude = amplitude();
        for (double[] head : heads) {
            for (int i = 0; i < half; i++) {
                double angle = position * frequency(layer, i);
                int a = family.isInterleaved ? 2 * i : i;
                int b = family.isInterleaved ? 2 * i + 1 : i + half;
                double re = head[a] * Math.cos(angle) - head[b] * Math.sin(angle);
                head[b] = amplitude * (head[a] * Math.sin(angle) + head[b] * Math.cos(angle));
                head[a] = amplitude * re;
            }
        }
        return heads;
    }

    private double amplitude() {
        return switch (family.stretch) {
            case "yarn" -> 1 + 0.1 * Math.log(RandomModel.FACTOR);
            case "long", "short" -> 1.1f;
            default -> 1;
        };
    }

    private double frequency(int layer, int i) {
        boolean isLocal = family.localBase != 0 && family.isLocal(layer);
        double base = isLocal ? family.localBase : family.base;
        double plain = Math.pow(base, -2.0 * i / family.rotaryDim);
        if (isLocal) return plain;
        return switch (family.stretch) {
            case "linear" -> plain / RandomModel.FACTOR;
            case "freqs" -> plain / w.get("rope_freqs.weight")[0][i];
            case "long", "short" -> plain / w.get("rope_factors_" + family.stretch + ".weight")[0][i];
            case "yarn" -> yarn(plain, i, base);
            case "llama3" -> llama3(plain);
            default -> plain;
        };
    }

    /** Peng and others, 2023: pairs below 'low' keep their frequency, those beyond 'high' are interpolated. */
    private double yarn(double plain, int i, double base) {
        double low = Math.max(0, Math.floor(pairThatTurns(32, base)));
        double high = Math.min(family.rotaryDim - 1, Math.ceil(pairThatTurns(1, base)));
        double ramp = Math.min(1, Math.max(0, (i - low) / Math.max(0.001, high - low)));
        return plain / RandomModel.FACTOR * ramp + plain * (1 - ramp);
    }

    private double pairThatTurns(double times, double base) {
        return family.rotaryDim * Math.log(RandomModel.ORIGINAL / (times * 2 * Math.PI)) / (2 * Math.log(base));
    }

    /** By wavelengths: longer than the original context are slowed down, shorter than a quarter of it stay. */
    private static double llama3(double plain) {
        double wavelength = 2 * Math.PI / plain;
        double original = RandomModel.ORIGINAL;
        if (wavelength > original) return plain / RandomModel.FACTOR;
        if (wavelength < original / 4) return plain;
        double smooth = (original / wavelength - 1) / (4 - 1);
        return (1 - smooth) * plain / RandomModel.FACTOR + smooth * plain;
    }

    private double[] mlp(String p, double[] in) {
        if (!family.isGated) {
            double[] wide = times(w.get(p + "ffn_up.weight"), in, w.get(p + "ffn_up.bias"));
            for (int i = 0; i < wide.length; i++) wide[i] *= (1 + erf(wide[i] / Math.sqrt(2))) / 2;
            return times(w.get(p + "ffn_down.weight"), wide, w.get(p + "ffn_down.bias"));
        }
        double[][] up = w.get(p + "ffn_up.weight");
        double[][] gate = w.get(p + "ffn_gate.weight");
        if (gate == null) {
            gate = Arrays.copyOf(up, model.hidden);
            up = Arrays.copyOfRange(up, model.hidden, 2 * model.hidden);
        }
        return gated(gate, up, w.get(p + "ffn_down.weight"), in);
    }

    private double[] gated(double[][] gateRows, double[][] upRows, double[][] downRows, double[] in) {
        double[] gate = times(gateRows, in, null);
        double[] up = times(upRows, in, null);
        for (int i = 0; i < gate.length; i++) gate[i] = (family.isGelu ? gelu(gate[i]) : silu(gate[i])) * up[i];
        return times(downRows, gate, null);
    }

    private static double silu(double x) {
        return x / (1 + Math.exp(-x));
    }

    private static double gelu(double x) {
        return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
    }

    /** Its series; beyond 4.2 less than 3e-9 is missing. */
    private static double erf(double x) {
        if (Math.abs(x) > 4.2) return Math.signum(x);
        double term = x;
        double sum = x;
        for (int n = 1; n < 120; n++) {
            term *= -x * x / n;
            sum += term / (2 * n + 1);
        }
        return 2 / Math.sqrt(Math.PI) * sum;
    }

    private double[] experts(int token, int layer, double[] in) {
        String p = "blk." + layer + ".";
        double[] scores = times(w.get(p + "ffn_gate_inp.weight"), in, null);
        this.scores[token][layer] = scores;
        int[] order = IntStream.range(0, scores.length)
                .boxed()
                .sorted(Comparator.comparingDouble(e -> -scores[e]))
                .mapToInt(e -> e)
                .toArray();
        for (Exchange e : exchanges) {
            if (e.token == token && e.layer == layer) swap(order, e.out, e.in);
        }
        double[] powers = Arrays.stream(scores).map(Math::exp).toArray();
        int counted = family.weighsChosenAlone ? family.expertsUsed : scores.length;
        double of =
                Arrays.stream(order).limit(counted).mapToDouble(e -> powers[e]).sum();
        double[] y = new double[model.dim];
        for (int k = 0; k < family.expertsUsed; k++) {
            int e = order[k];
            int h = model.expertHidden;
            double[] one = gated(
                    Arrays.copyOfRange(w.get(p + "ffn_gate_exps.weight"), e * h, (e + 1) * h),
                    Arrays.copyOfRange(w.get(p + "ffn_up_exps.weight"), e * h, (e + 1) * h),
                    Arrays.copyOfRange(w.get(p + "ffn_down_exps.weight"), e * model.dim, (e + 1) * model.dim),
                    in);
            add(y, scaled(one, family.expertScale * powers[e] / of));
        }
        if (family.hasSharedExpert) {
            double[] one = gated(
                    w.get(p + "ffn_gate_shexp.weight"),
                    w.get(p + "ffn_up_shexp.weight"),
                    w.get(p + "ffn_down_shexp.weight"),
                    in);
            double weight = 1 / (1 + Math.exp(-dot(w.get(p + "ffn_gate_inp_shexp.weight")[0], in)));
            add(y, scaled(one, weight));
        }
        return y;
    }

    private static void swap(int[] order, int one, int other) {
        for (int i = 0; i < order.length; i++) {
            if (order[i] == one) order[i] = other;
            else if (order[i] == other) order[i] = one;
        }
    }

    private static double[] norm(double[] x, double[] gain) {
        double size = Math.sqrt(dot(x, x) / x.length + RandomModel.EPS);
        double[] out = new double[x.length];
        for (int i = 0; i < x.length; i++) out[i] = x[i] / size * gain[i];
        return out;
    }

    private double[] layerNorm(double[] x, String name) {
        double mean = Arrays.stream(x).average().orElseThrow();
        double variance =
                Arrays.stream(x).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
        double[] out = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            out[i] = (x[i] - mean) / Math.sqrt(variance + RandomModel.EPS) * w.get(name + ".weight")[0][i]
                    + w.get(name + ".bias")[0][i];
        }
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

    private static double[] scaled(double[] x, double by) {
        return Arrays.stream(x).map(v -> v * by).toArray();
    }

    private static void add(double[] x, double[] y) {
        for (int i = 0; i < x.length; i++) x[i] += y[i];
    }
}
