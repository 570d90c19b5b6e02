// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.kv.AttentionBatch.Span;
import dev.jay.kv.WholeText;
import dev.jay.model.LayerProbe;
import dev.jay.model.ModelSpec;
import dev.jay.model.Pass;
import dev.jay.model.load.Metadata;
import dev.jay.model.load.Weights;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Held for every encoder, on every provider, with weight formats in turn. */
class EncoderLaws {
    private static final long SEED = 1912;
    private static final int[] LENGTHS = {35, 1, 70, 9};
    private static final double FLOAT = 1e-4; // what float sums of a whole model cost
    private static final double GROWTH = 10; // the worst of a model's values, against one product's bound

    record Member(String family, String format, String provider) {}

    static Stream<Member> members() {
        List<Member> members = new ArrayList<>();
        for (String provider : Machine.providers()) {
            for (String family : TestFamily.encoders()) {
                for (String format : formats(family)) members.add(new Member(family, format, provider));
            }
        }
        return members.stream();
    }

    /** A few of them: what a format does, it does in every family. */
    static List<String> formats(String family) {
        return TestFamily.encoders().indexOf(family) % 2 == 0
                ? List.of("f32", "f16", "q8_0", "q4_k")
                : List.of("f32", "bf16", "q4_0", "q6_k");
    }

    private static int[][] texts() {
        Random random = new Random(SEED);
        return Arrays.stream(LENGTHS)
                .mapToObj(n -> random.ints(n, 0, RandomModel.VOCABULARY).toArray())
                .toArray(int[][]::new);
    }

    /** The rows of texts that run side by side: [text][token * dim]. */
    private static float[][] run(Machine machine, RandomModel model, Numerics numerics, int threads, int[]... texts) {
        return run(machine, model.metadata(), model, numerics, threads, texts);
    }

    static float[][] run(
            Machine machine, Metadata metadata, Weights model, Numerics numerics, int threads, int[]... texts) {
        Architecture architecture = Architectures.of(metadata);
        ModelSpec spec = architecture.spec(metadata);
        List<Span> spans = new ArrayList<>();
        int rows = 0;
        int slots = 0;
        for (int[] text : texts) {
            spans.add(new Span(null, rows, text.length, 0));
            rows += text.length;
            slots += WholeText.slots(text.length);
        }
        float[][] out = new float[texts.length][];
        try (Workers workers = Workers.of(threads);
                CpuOps ops = new CpuOps(machine.memory, workers, machine.kernels, 256)) {
            Transformer transformer = architecture.build(spec, model, ops, List.of());
            try (Region region = machine.memory.reserve("scratch", transformer.scratchBytes(slots, 0))) {
                int[] tokens = Arrays.stream(texts).flatMapToInt(Arrays::stream).toArray();
                Scratch scratch = new Scratch(region.bytes());
                Pass pass = Pass.of(tokens, spans, new int[0], numerics, scratch);
                transformer.run(pass.withProbe(new LayerProbe() {
                    @Override
                    public void after(int layer, MemorySegment x) {}

                    @Override
                    public boolean wantsNormed() {
                        return true;
                    }

                    @Override
                    public void normed(MemorySegment x) {
                        for (int i = 0; i < texts.length; i++) {
                            out[i] = Pass.rowsOf(spans.get(i), x, spec.dim()).toArray(Floats.LAYOUT);
                        }
                    }
                }));
                if (texts.length == 1) assertThat(scratch.peak()).isEqualTo(transformer.scratchBytes(rows, 0));
            }
        }
        return out;
    }

    private static double worst(float[] got, int at, double[] wanted) {
        double worst = 0;
        for (int i = 0; i < wanted.length; i++) worst = Math.max(worst, Math.abs(got[at + i] - wanted[i]));
        return worst / Arrays.stream(wanted).map(Math::abs).max().orElseThrow();
    }

    @ParameterizedTest
    @MethodSource("members")
    void shouldAgreeWithTheDefinition(Member member) {
        try (Machine machine = new Machine(member.provider);
                RandomModel model = new RandomModel(machine.memory, SEED, member.family, member.format)) {
            for (Numerics numerics : Numerics.values()) {
                double allowed = GROWTH * machine.bound(member.format, numerics);
                allowed = Math.max(FLOAT, allowed);
                allowed = Math.max(
                        allowed,
                        GROWTH
                                * machine.kernels
                                        .attention(
                                                WeightFormats.ALL.make("f32"),
                                                WeightFormats.ALL.make("f32"),
                                                32,
                                                32,
                                                numerics)
                                        .kernel()
                                        .bound());
                float[][] got = run(machine, model, numerics, 2, texts());
                for (int s = 0; s < LENGTHS.length; s++) {
                    double[][][] wanted = new Float64Decoder(model, texts()[s]).hidden;
                    for (int t = 0; t < LENGTHS[s]; t++) {
                        double[] last = wanted[t][model.family.layers - 1];
                        assertThat(worst(got[s], t * model.dim, last))
                                .as("%s %s text=%d token=%d seed=%d", member, numerics, s, t, SEED)
                                .isLessThan(allowed);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("members")
    void shouldNotDependOnCompanyOrThreads(Member member) {
        try (Machine machine = new Machine(member.provider);
                RandomModel model = new RandomModel(machine.memory, SEED, member.family, member.format)) {
            int[][] texts = texts();
            float[][] together = run(machine, model, Numerics.EXACT, 3, texts);
            for (int s = 0; s < texts.length; s++) {
                float[] alone = run(machine, model, Numerics.EXACT, 1, texts[s])[0];
                assertThat(Arrays.mismatch(together[s], alone))
                        .as("%s text=%d seed=%d", member, s, SEED)
                        .isEqualTo(-1);
            }
            assertThat(model.isLetGo()).isTrue();
        }
    }

    static List<String> families() {
        return TestFamily.encoders();
    }

    @ParameterizedTest
    @MethodSource("families")
    void shouldRejectWhatIsNotAWholeTextAndHaveNoLogits(String family) {
        try (Machine machine = new Machine("scalar");
                RandomModel model = new RandomModel(machine.memory, SEED, family, "f32");
                Workers workers = Workers.of(1);
                CpuOps ops = new CpuOps(machine.memory, workers, machine.kernels, 16);
                Region region = machine.memory.reserve("scratch", 16 << 20)) {
            Architecture architecture = Architectures.of(model.metadata());
            Transformer t = architecture.build(architecture.spec(model.metadata()), model, ops, List.of());
            Scratch scratch = new Scratch(region.bytes());
            List<Span> later = List.of(new Span(null, 0, 3, 1));
            assertThatThrownBy(() -> t.run(Pass.of(new int[3], later, new int[0], Numerics.EXACT, scratch)))
                    .hasMessageContaining("takes a text as a whole: position=1");
            List<Span> tooLong = List.of(new Span(null, 0, 257, 0));
            assertThatThrownBy(() -> t.run(Pass.of(new int[257], tooLong, new int[0], Numerics.EXACT, scratch)))
                    .hasMessageContaining("tokens=257, allowed: from 0, at most 256");
            List<Span> sound = List.of(new Span(null, 0, 3, 0));
            assertThatThrownBy(() -> t.run(Pass.of(new int[3], sound, new int[] {2}, Numerics.EXACT, scratch)))
                    .hasMessageContaining("no logits");
            assertThat(model.isLetGo()).isTrue();
        }
    }
}
