// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.plan.Plan;
import dev.jay.kv.Beside;
import dev.jay.kv.KvSource;
import dev.jay.kv.KvStream;
import dev.jay.kv.codec.KvBasis;
import dev.jay.kv.evict.KvCalibration;
import dev.jay.model.text.Tokenizer;
import dev.jay.model.text.Tokenizers;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Ops;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.LongConsumer;
import java.util.function.UnaryOperator;

/**
 * Measures in which directions the keys and values of each layer lie: stands between a cache that keeps keys unturned and
 * its passes, and gathers what is appended. Attention computes as if it were not there. Borrows the cache.
 */
final class BasisWatch extends Beside {
    private static final int MOST = 256; // directions that are kept: more than any recipe gains from

    private final List<KvStream> streams;
    private final List<Principal> keys;
    private final List<Principal> values;

    private BasisWatch(KvSource cache, List<KvStream> streams, List<Principal> keys, List<Principal> values) {
        super(cache);
        this.streams = streams;
        this.keys = keys;
        this.values = values;
    }

    /**
     * Runs the prompts in exact mode and writes the file beside the model.
     *
     * @param done told how many prompts have run
     */
    static List<KvCalibration.Bases> run(
            Path file,
            ModelOptions options,
            BiFunction<Tokenizer, Integer, List<Calibration.Prompt>> prompts,
            LongConsumer done)
            throws IOException {
        Owned owned = new Owned();
        try {
            ModelOptions watched = options.withParallel(1).withKvRecipe("keys=unturned(bits=16) values=f16");
            BoundModel bound = new BoundModel(file, watched, owned);
            Plan plan = bound.plan();
            TransformerForward forward = bound.open(plan);
            List<Calibration.Prompt> all = prompts.apply(
                    Tokenizers.from(bound.metadata()), plan.setup().contextLength());
            List<KvStream> streams = bound.spec().kvShape().streams();
            List<Principal> keys = new ArrayList<>();
            List<Principal> values = new ArrayList<>();
            for (KvStream s : streams) {
                keys.add(new Principal(s.heads() * s.keyWidth()));
                values.add(new Principal(s.heads() * s.valueWidth()));
            }
            long run = 0;
            for (Calibration.Prompt p : all) {
                watch(forward, p.tokens(), kv -> new BasisWatch(kv, streams, keys, values));
                done.accept(++run);
            }
            List<KvCalibration.Bases> bases = new ArrayList<>();
            for (int s = 0; s < streams.size(); s++) {
                KvBasis ofKeys = keys.get(s).basis(MOST);
                bases.add(new KvCalibration.Bases(ofKeys, values.get(s).basis(MOST)));
            }
            BasisFile.of(file).write(bases, bound.source());
            return bases;
        } finally {
            owned.close();
        }
    }

    private static void watch(TransformerForward forward, int[] tokens, UnaryOperator<KvSource> watcher) {
        try (SequenceCache cache = forward.open(Numerics.EXACT, watcher)) {
            for (int at = 0; at < tokens.length; ) {
                int to = Math.min(tokens.length, at + forward.mostTokens());
                forward.run(Numerics.EXACT, List.of(new Forward.Slice(cache, tokens, at, to - at, to)));
                at = to;
            }
        }
    }

    @Override
    public void append(int stream, int position, int count, MemorySegment keyRows, MemorySegment valueRows, Ops ops) {
        KvStream s = streams.get(stream);
        gather(keys.get(stream), keyRows, count, s.heads() * s.keyWidth());
        gather(values.get(stream), valueRows, count, s.heads() * s.valueWidth());
        super.append(stream, position, count, keyRows, valueRows, ops);
    }

    private static void gather(Principal into, MemorySegment rows, int count, int width) {
        float[] row = new float[width];
        for (int t = 0; t < count; t++) {
            MemorySegment.copy(rows, Floats.LAYOUT, 4L * t * width, row, 0, width);
            into.add(row);
        }
    }
}
