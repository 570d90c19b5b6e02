// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.memory.Memory;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Low-rank adapters of a model's matrices: for each site a[rank][inputs] and b[outputs][rank], under the names that
 * GGUF's adapters have. Owns them, as {@link Parameters} does.
 */
public final class Adapters implements AutoCloseable {
    /** Every matrix of a block that an adapter may stand beside. */
    public static final List<String> SITES =
            List.of("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down");

    private static final int MOST_RANK = 1024;

    /**
     * @param rank  of each adapter
     * @param alpha what it is added with, times the rank
     * @param sites some of {@link #SITES}
     */
    public record Lora(int rank, double alpha, Set<String> sites) {
        public Lora {
            if (rank < 1 || rank > MOST_RANK || !(alpha > 0 && alpha < 1e6)) {
                throw new IllegalArgumentException("adapters: rank=" + rank + ", alpha=" + alpha
                        + ", allowed: a rank from 1 to " + MOST_RANK + ", a positive alpha");
            }
            if (sites.isEmpty() || !SITES.containsAll(sites)) {
                throw new IllegalArgumentException(
                        "adapters: sites=" + new TreeSet<>(sites) + ", allowed: some of " + SITES);
            }
        }

        /** What an adapter's product is multiplied by. */
        public double scale() {
            return alpha / rank;
        }
    }

    /** Outputs and inputs of a site. */
    public record Shape(int rows, int cols) {}

    private final Lora lora;
    private final Parameters parameters;

    private Adapters(Lora lora, Parameters parameters) {
        this.lora = lora;
        this.parameters = parameters;
    }

    /** They change nothing yet: a is random by the seed (as a linear layer begins), b zeros. */
    public static Adapters of(ModelSpec spec, Lora lora, long seed, Memory memory) {
        Adapters made = new Adapters(lora, new Parameters(spec, shapes(spec, lora), memory));
        made.randomise(seed);
        return made;
    }

    /** The names and shapes alone, for a plan. Takes no memory. */
    public static Adapters outline(ModelSpec spec, Lora lora) {
        return new Adapters(lora, Parameters.outline(spec, shapes(spec, lora)));
    }

    private static List<Parameters.Shape> shapes(ModelSpec spec, Lora lora) {
        List<Parameters.Shape> all = new ArrayList<>();
        for (int l = 0; l < spec.layers(); l++) {
            for (String name : SITES) {
                if (!lora.sites.contains(name)) continue;
                String site = "blk." + l + "." + name;
                Shape s = shape(spec, site);
                all.add(new Parameters.Shape(nameOfA(site), lora.rank, s.cols));
                all.add(new Parameters.Shape(nameOfB(site), s.rows, lora.rank));
            }
        }
        return all;
    }

    /** @throws IllegalArgumentException if it is none of {@link #SITES} in a block */
    public static Shape shape(ModelSpec spec, String site) {
        int queries = spec.heads() * spec.headDim();
        int keys = spec.kvHeads() * spec.headDim();
        return switch (site.substring(site.lastIndexOf('.') + 1)) {
            case "attn_q" -> new Shape(queries, spec.dim());
            case "attn_k", "attn_v" -> new Shape(keys, spec.dim());
            case "attn_output" -> new Shape(spec.dim(), queries);
            case "ffn_gate", "ffn_up" -> new Shape(spec.hidden(), spec.dim());
            case "ffn_down" -> new Shape(spec.dim(), spec.hidden());
            default -> throw new IllegalArgumentException("adapters: site=" + site + ", allowed: one of " + SITES);
        };
    }

    private static String nameOfA(String site) {
        return site + ".weight.lora_a";
    }

    private static String nameOfB(String site) {
        return site + ".weight.lora_b";
    }

    /** Back to where they began. */
    public void randomise(long seed) {
        int tensor = 0;
        for (Parameter p : parameters.all()) {
            long stream = Noise.mix(Noise.mix(seed) + tensor++);
            float deviation = p.name().endsWith("a") ? (float) Math.sqrt(1.0 / (3.0 * p.cols())) : 0;
            for (long i = 0; i < p.count(); i++) Floats.set(p.value(), i, deviation * Noise.normal(stream, i));
        }
    }

    public Lora lora() {
        return lora;
    }

    /** All of them, to be trained. Borrowed. */
    public Parameters parameters() {
        return parameters;
    }

    /** In order: {@code blk.0.attn_q} and so on. */
    public List<String> sites() {
        return parameters.all().stream()
                .map(Parameter::name)
                .filter(n -> n.endsWith(".weight.lora_a"))
                .map(n -> n.substring(0, n.length() - ".weight.lora_a".length()))
                .toList();
    }

    boolean has(String site) {
        return parameters.has(nameOfA(site));
    }

    /** [rank][inputs] */
    public Parameter a(String site) {
        return parameters.get(nameOfA(site));
    }

    /** [outputs][rank] */
    public Parameter b(String site) {
        return parameters.get(nameOfB(site));
    }

    @Override
    public void close() {
        parameters.close();
    }
}
