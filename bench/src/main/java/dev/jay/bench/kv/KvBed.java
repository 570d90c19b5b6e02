// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.kv.KvCache;
import dev.jay.kv.KvRecipe;
import dev.jay.kv.KvShape;
import dev.jay.kv.PageLayout;
import dev.jay.kv.evict.KvCalibration;
import dev.jay.kv.pool.PagePool;
import dev.jay.model.ModelSpec;
import dev.jay.model.arch.Architecture;
import dev.jay.model.arch.Architectures;
import dev.jay.model.arch.Transformer;
import dev.jay.model.load.MappedWeights;
import dev.jay.model.load.ModelFiles;
import dev.jay.model.load.WeightSource;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A model without an engine around it: passes over a sequence whose keys and values are at hand. Closing gives all back. */
final class KvBed implements AutoCloseable {
    /** Tokens of a pass, at most. */
    static final int ROWS = 256;

    private final Memory memory = Memory.withBudget(Long.MAX_VALUE);
    private final KernelChoice kernels;
    private final Workers workers;
    private final WeightSource source;
    private final CpuOps ops;
    private final Architecture architecture;

    /** @param threads 0: as many as this process may use cores */
    KvBed(Path file, int threads) throws IOException {
        Cpu cpu = Cpu.detect();
        this.kernels = KernelProviders.choose(cpu, null, memory);
        this.workers = Workers.of(threads == 0 ? cpu.cores() : threads);
        this.ops = new CpuOps(memory, workers, kernels, ROWS);
        try {
            this.source = ModelFiles.open(memory, file);
        } catch (IOException | RuntimeException e) {
            closeOps();
            throw e;
        }
        this.architecture = Architectures.of(source.metadata());
    }

    ModelSpec spec() {
        return architecture.spec(source.metadata());
    }

    CpuOps ops() {
        return ops;
    }

    /** An empty sequence with room for so many tokens. */
    Sequence sequence(String recipe, int tokens) {
        int layers = spec().kvShape().streams().size();
        return sequence(KvRecipe.parse(recipe).each(layers, KvCalibration.NONE), tokens, 1);
    }

    /** An empty sequence with room for so many tokens, and for copies of it: so many in all. */
    Sequence sequence(List<KvRecipe> each, int tokens, int copies) {
        ModelSpec spec = spec().withContextLength(Math.max(tokens, spec().contextLength()));
        return new Sequence(
                architecture.build(spec, new MappedWeights(source), ops, each), spec.kvShape(), tokens, copies);
    }

    /** One sequence, and what it takes. */
    final class Sequence implements AutoCloseable {
        final Transformer transformer;
        final KvCache cache;
        final Scratch scratch;
        private final Region room;
        private final PagePool pool;

        private Sequence(Transformer transformer, KvShape shape, int tokens, int copies) {
            this.transformer = transformer;
            long pageBytes = 64;
            for (int s = 0; s < shape.streams().size(); s++) {
                KvRecipe recipe = transformer.recipes().get(s);
                pageBytes = Math.max(
                        pageBytes, PageLayout.leastBytes(shape.streams().get(s), recipe));
            }
            int pages = KvCache.pagesFor(tokens, shape, transformer.recipes(), pageBytes);
            this.pool = new PagePool(memory, Math.multiplyExact(copies, pages), pageBytes);
            this.room = memory.reserve("scratch", transformer.scratchBytes(ROWS, 1));
            this.scratch = new Scratch(room.bytes());
            this.cache = new KvCache(shape, transformer.recipes(), pool);
        }

        /** Another, empty, in the same pages. */
        KvCache open() {
            return new KvCache(transformer.spec().kvShape(), transformer.recipes(), pool);
        }

        /** Bytes of pages that it holds now. */
        long bytes() {
            return cache.pages() * pool.pageBytes();
        }

        @Override
        public void close() {
            cache.close();
            room.close();
            pool.close();
        }
    }

    private void closeOps() {
        ops.close();
        workers.close();
        kernels.close();
        memory.close();
    }

    @Override
    public void close() {
        ops.close();
        source.close();
        workers.close();
        kernels.close();
        memory.close();
    }
}
