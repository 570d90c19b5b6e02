// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import dev.jay.train.block.Batch;
import dev.jay.train.block.Parameters;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Addresses of a pass are fixed beforehand, and take hardly more than what must live at once (row 46). */
class AddressPlanTest {
    /** Bytes that the plan has, that live at once, and that an allocator by first fit would have come to. */
    private record Bytes(long planned, long alive, long firstFit) {}

    private static Bytes of(ModelSpec spec, TrainModel.Size size) {
        try (Memory memory = Memory.withBudget(512 << 20);
                Workers workers = Workers.of(1);
                KernelChoice kernels = KernelProviders.choose(Cpu.detect(), null, memory);
                CpuOps ops = new CpuOps(memory, workers, kernels, 1);
                Parameters parameters = new Parameters(spec, true, memory)) {
            parameters.randomise(3);
            List<MemorySegment> others = new ArrayList<>(List.of(parameters.values()));
            parameters.all().forEach(p -> others.add(p.gradient()));
            Lifetimes lifetimes = new Lifetimes(others);
            Ops watched = lifetimes.watched(ops);
            try (TrainModel model = new TrainModel(parameters, watched, Precision.F32, size, memory)) {
                Batch some = TrainBed.batch(size.sequences(), size.length(), spec.vocabulary(), 1);
                model.addGradients(new Batch(size.length(), some.tokens(), some.tokens()), 1); // each has a target
                long planned = memory.byPurpose().get("train-activations")
                        + memory.byPurpose().get("train-scratch");
                List<Lifetimes.Tensor> all = lifetimes.tensors();
                return new Bytes(planned, Lifetimes.mostAlive(all), Lifetimes.firstFit(all));
            }
        }
    }

    @Test
    void aPassShouldTakeHardlyMoreThanLivesAtOnce() {
        ModelSpec deep = TrainBed.spec(8, 96, 6, 2, 16, 256, 512); // jay-tiny, a quarter as wide
        ModelSpec wide = TrainBed.spec(6, 128, 8, 8, 16, 512, 48);
        List<Bytes> all = List.of(
                of(deep, new TrainModel.Size(2, 256, false)),
                of(deep, new TrainModel.Size(2, 256, true)),
                of(wide, new TrainModel.Size(4, 96, false)),
                of(wide, new TrainModel.Size(4, 96, true)));
        for (Bytes b : all) {
            assertThat(b.planned).as("%s", b).isBetween(b.alive, b.alive * 105 / 100);
            assertThat(b.firstFit)
                    .as("%s", b)
                    .isBetween(b.alive, b.alive * 105 / 100); // no worse: lives end as a stack's
        }
    }
}
