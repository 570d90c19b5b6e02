// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.DirectFile;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The float32 master weights of a llama and their gradients, under the names that GGUF gives them. Owns them (purposes
 * {@code train-weights} and {@code train-gradients}).
 */
public final class Parameters implements AutoCloseable {
    private static final long ZEROED = 4 << 20; // bytes, by one thread at a time

    private static final float DEVIATION = 0.02f;

    /** @param rows 1 for a vector */
    public record Shape(String name, int rows, int cols) {}

    private final ModelSpec spec;
    private final boolean tied;
    private final Map<String, Parameter> all = new LinkedHashMap<>();
    private final Region values; // null in an outline
    private final MemorySegment used; // of the values' region, to its end
    private final Region gradients;

    private Parameters(ModelSpec spec, boolean tied, List<Shape> shapes) {
        this.spec = spec;
        this.tied = tied;
        this.values = null;
        this.used = null;
        this.gradients = null;
        for (Shape s : shapes) {
            all.put(s.name, new Parameter(s.name, s.rows, s.cols, MemorySegment.NULL, MemorySegment.NULL));
        }
    }

    /** The names and shapes alone, for a plan. Takes no memory, and has no values. */
    public static Parameters outline(ModelSpec spec, boolean tied) {
        check(spec);
        return new Parameters(spec, tied, shapes(spec, tied));
    }

    /** The same of what is trained beside a model. */
    static Parameters outline(ModelSpec spec, List<Shape> shapes) {
        return new Parameters(spec, false, shapes);
    }

    /** Bytes of all values, in whole pages; so many again of gradients. */
    public long bytes() {
        return pages(all.values().stream()
                .mapToLong(p -> Scratch.sizeOf(4 * p.count()))
                .sum());
    }

    private static long pages(long bytes) {
        return Math.ceilDiv(bytes, DirectFile.ALIGNMENT) * DirectFile.ALIGNMENT;
    }

    /**
     * All zeros.
     *
     * @param tied whether the embedding is the head too
     * @throws IllegalArgumentException if it is not a shape that can be trained; the message says why
     */
    public Parameters(ModelSpec spec, boolean tied, Memory memory) {
        this(checked(spec), tied, shapes(spec, tied), memory);
    }

    /** What is trained beside a model; all zeros. */
    Parameters(ModelSpec spec, List<Shape> shapes, Memory memory) {
        this(spec, false, shapes, memory);
    }

    private Parameters(ModelSpec spec, boolean tied, List<Shape> shapes, Memory memory) {
        this.spec = spec;
        this.tied = tied;
        long bytes = shapes.stream()
                .mapToLong(s -> Scratch.sizeOf(4L * s.rows * s.cols))
                .sum();
        this.values = memory.reserve("train-weights", pages(bytes));
        values.inHugePages(); // a direct write looks up every page
        try {
            this.gradients = memory.reserve("train-gradients", pages(bytes));
        } catch (RuntimeException e) {
            values.close();
            throw e;
        }
        this.used = values.bytes().asSlice(values.size() - bytes);
        Scratch value = new Scratch(used);
        Scratch gradient = new Scratch(gradients.bytes());
        for (Shape s : shapes) {
            long count = (long) s.rows * s.cols;
            all.put(s.name, new Parameter(s.name, s.rows, s.cols, value.floats(count), gradient.floats(count)));
        }
    }

    private static ModelSpec checked(ModelSpec s) {
        check(s);
        return s;
    }

    private static void check(ModelSpec s) {
        if (!s.architecture().equals("llama")) {
            throw new IllegalArgumentException("training: architecture=" + s.architecture() + ", allowed: llama");
        }
        if (s.layers() < 1
                || s.kvHeads() < 1
                || s.heads() % s.kvHeads() != 0
                || s.rotary().dim() > s.headDim()) {
            throw new IllegalArgumentException("training: layers=" + s.layers() + ", heads=" + s.heads() + ", kvHeads="
                    + s.kvHeads() + ", headDim=" + s.headDim() + ", rotary="
                    + s.rotary().dim() + ", wanted: heads a multiple of kvHeads, rotary at most headDim");
        }
    }

    private static List<Shape> shapes(ModelSpec s, boolean tied) {
        int queries = s.heads() * s.headDim();
        int keys = s.kvHeads() * s.headDim();
        List<Shape> all = new ArrayList<>();
        all.add(new Shape("token_embd.weight", s.vocabulary(), s.dim()));
        for (int l = 0; l < s.layers(); l++) {
            String p = "blk." + l + ".";
            all.add(new Shape(p + "attn_norm.weight", 1, s.dim()));
            all.add(new Shape(p + "attn_q.weight", queries, s.dim()));
            all.add(new Shape(p + "attn_k.weight", keys, s.dim()));
            all.add(new Shape(p + "attn_v.weight", keys, s.dim()));
            all.add(new Shape(p + "attn_output.weight", s.dim(), queries));
            all.add(new Shape(p + "ffn_norm.weight", 1, s.dim()));
            all.add(new Shape(p + "ffn_gate.weight", s.hidden(), s.dim()));
            all.add(new Shape(p + "ffn_up.weight", s.hidden(), s.dim()));
            all.add(new Shape(p + "ffn_down.weight", s.dim(), s.hidden()));
        }
        all.add(new Shape("output_norm.weight", 1, s.dim()));
        if (!tied) all.add(new Shape("output.weight", s.vocabulary(), s.dim()));
        return all;
    }

    /**
     * Sets matrices to normal values of deviation 0.02, less by the root of twice the layers where they add to the
     * residual stream (GPT-2's rule), and gains to one. A weight depends on the seed, its tensor and its place alone.
     */
    public void randomise(long seed) {
        randomise(seed, DEVIATION);
    }

    /** @param blocks the deviation within blocks: 0.02 is much less than a narrow model's 1 / sqrt(width) */
    public void randomise(long seed, float blocks) {
        int tensor = 0;
        for (Parameter p : all.values()) {
            long stream = Noise.mix(Noise.mix(seed) + tensor++);
            boolean adds = p.name().contains("attn_output") || p.name().contains("ffn_down");
            float wanted = p.name().startsWith("blk.") ? blocks : DEVIATION;
            float deviation = adds ? wanted / (float) Math.sqrt(2.0 * spec.layers()) : wanted;
            for (long i = 0; i < p.count(); i++) {
                Floats.set(p.value(), i, p.isMatrix() ? deviation * Noise.normal(stream, i) : 1);
            }
        }
    }

    public ModelSpec spec() {
        return spec;
    }

    public boolean tied() {
        return tied;
    }

    /** In the order of a file. */
    public List<Parameter> all() {
        return List.copyOf(all.values());
    }

    /** @throws IllegalArgumentException if there is none of that name */
    public Parameter get(String name) {
        Parameter p = all.get(name);
        if (p == null) throw new IllegalArgumentException("no such parameter: name=" + name);
        return p;
    }

    public boolean has(String name) {
        return all.containsKey(name);
    }

    /** The head's matrix: the embedding, if it is tied. */
    public Parameter head() {
        return get(tied ? "token_embd.weight" : "output.weight");
    }

    public long count() {
        return all.values().stream().mapToLong(Parameter::count).sum();
    }

    /** All values, with the gaps between the tensors: what a checkpoint keeps. They end where a page does. */
    public MemorySegment values() {
        return used;
    }

    public void zeroGradients(Ops ops) {
        long bytes = gradients.size();
        ops.forEach((int) Math.ceilDiv(bytes, ZEROED), (i, worker) -> {
            long from = i * ZEROED;
            gradients.bytes().asSlice(from, Math.min(ZEROED, bytes - from)).fill((byte) 0);
        });
    }

    @Override
    public void close() {
        if (values == null) return;
        values.close();
        gradients.close();
    }
}
