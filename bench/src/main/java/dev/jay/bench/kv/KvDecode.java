// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.bench.kv.KvBed.Sequence;
import dev.jay.kv.AttentionBatch.Span;
import dev.jay.kv.KvRecipe;
import dev.jay.kv.KvStream;
import dev.jay.kv.evict.KvCalibration;
import dev.jay.model.Pass;
import dev.jay.model.load.Synth;
import dev.jay.tensor.kernel.Numerics;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/**
 * How fast one token is decoded behind a long context, as a share of f16's, in turn with it. Speed does not depend on what
 * keys and values say: contexts are random rows, but for the end of the prompt, which is run, so that what goes by
 * attention has seen some. Directions along which keys and values are to lie are made up.
 *
 * @param context tokens before it
 * @param ratio   the median of {@link #SAMPLES} pairs
 * @param bytes   of pages, then
 */
record KvDecode(String recipe, int context, double ratio, long bytes, long fullBytes) {
    static final int SAMPLES = 7;

    private static final int PASSES = 4; // of a sample
    private static final int SEEN = 64; // tokens of a prompt's end that are run
    private static final String SHAPE = "llama-1b";
    private static final String FORMAT = "q8_0";

    /** @param file of the model; null: of the 1B shape, made up for the time being */
    static void measure(Path file, List<String> recipes, List<Integer> contexts, Consumer<KvDecode> results)
            throws IOException {
        Path folder = file == null ? Files.createTempDirectory("jay-bench") : null;
        Path model = file == null ? folder.resolve(SHAPE + ".gguf") : file;
        try {
            if (file == null) Synth.write(SHAPE, FORMAT, 1, model);
            try (KvBed bed = new KvBed(model, 0)) {
                for (int context : contexts) {
                    try (Sequence full = filled(bed, KvJudge.F16, context)) {
                        for (String recipe : recipes) results.accept(beside(bed, full, recipe, context));
                    }
                }
            }
        } finally {
            if (folder != null) {
                Files.deleteIfExists(model);
                Files.delete(folder);
            }
        }
    }

    private static KvDecode beside(KvBed bed, Sequence full, String recipe, int context) {
        try (Sequence kept = filled(bed, recipe, context)) {
            double[] ratios = new double[SAMPLES];
            for (int i = -1; i < SAMPLES; i++) { // the first is to warm up
                long others = nanos(full, context);
                long its = nanos(kept, context);
                if (i >= 0) ratios[i] = (double) others / its;
            }
            return new KvDecode(recipe, context, KvSpeed.median(ratios), kept.bytes(), full.bytes());
        }
    }

    /** Of some passes of one token, each of which is taken back. */
    private static long nanos(Sequence of, int context) {
        long begin = System.nanoTime();
        for (int i = 0; i < PASSES; i++) {
            pass(of, context, 1);
            of.cache.settle(context);
        }
        return System.nanoTime() - begin;
    }

    private static void pass(Sequence of, int position, int count) {
        int[] tokens = new Random(position)
                .ints(count, 0, of.transformer.spec().vocabulary())
                .toArray();
        long mark = of.scratch.mark();
        List<Span> spans = List.of(new Span(of.cache, 0, count, position));
        of.transformer.run(Pass.of(tokens, spans, new int[] {count - 1}, Numerics.FAST, of.scratch));
        of.scratch.release(mark);
    }

    private static Sequence filled(KvBed bed, String recipe, int context) {
        KvRecipe parsed = KvRecipe.parse(recipe);
        List<KvStream> layers = bed.spec().kvShape().streams();
        KvCalibration measured = parsed.wantsBases() ? MadeUpBases.of(layers) : KvCalibration.NONE;
        Sequence sequence = bed.sequence(parsed.each(layers.size(), measured), context + 1, 1);
        sequence.cache.promptsEnd(context);
        float[] noise = noise(layers);
        MemorySegment rows = MemorySegment.ofArray(noise);
        int at = 0;
        while (at < context) {
            boolean isRun = at >= context - SEEN;
            int end = Math.min(isRun ? context : context - SEEN, sequence.cache.nextEnd());
            int count = Math.min(KvBed.ROWS, end - at);
            if (isRun) {
                pass(sequence, at, count);
            } else {
                for (int s = 0; s < layers.size(); s++) append(bed, sequence, s, layers.get(s), at, count, rows);
            }
            at += count;
            sequence.cache.settle(at);
        }
        return sequence;
    }

    private static void append(
            KvBed bed, Sequence to, int stream, KvStream shape, int at, int count, MemorySegment rows) {
        MemorySegment keys = rows.asSlice(0, 4L * count * shape.heads() * shape.keyWidth());
        MemorySegment values = rows.asSlice(4L * (at % 7), 4L * count * shape.heads() * shape.valueWidth());
        to.cache.append(stream, at, count, keys, values, bed.ops());
    }

    private static float[] noise(List<KvStream> streams) {
        int most = 0;
        for (KvStream s : streams) most = Math.max(most, s.heads() * Math.max(s.keyWidth(), s.valueWidth()));
        float[] noise = new float[KvBed.ROWS * most + 8];
        Random random = new Random(1);
        for (int i = 0; i < noise.length; i++) noise[i] = (float) random.nextGaussian();
        return noise;
    }
}
