// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.kv.codec.KvCodecs;
import dev.jay.tensor.Steps;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Numerics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Held for every architecture and weight format, each pair with one of the KV codecs in turn, and every provider. */
class ArchitectureLaws {
    private static final long SEED = 4711;
    private static final int[] LENGTHS = {35, 1, 9}; // one goes beyond a tile and a page of keys

    private static final double FLOAT = 1e-4; // what float sums of a whole model cost
    private static final double HALF = 0.01; // what keys and values in f16 cost, rounded before they turn or behind
    private static final double GROWTH = 10; // the worst logit of a model, against one product's bound: layers add up

    private static final Map<String, Machine> MACHINES = new LinkedHashMap<>(); // by provider, the best first

    record Member(String architecture, String format, String codec, String provider) {
        Machine machine() {
            return MACHINES.get(provider);
        }

        /** The greatest error of a logit, relative to the greatest logit. */
        double allowed(Numerics numerics) {
            return Math.max(FLOAT, GROWTH * machine().bound(format, numerics));
        }
    }

    @BeforeAll
    static void open() {
        for (String provider : Machine.providers()) MACHINES.put(provider, new Machine(provider));
    }

    @AfterAll
    static void close() {
        MACHINES.values().forEach(Machine::close);
        MACHINES.clear();
    }

    static Stream<Member> members() {
        return membersOn(Machine.providers().getFirst());
    }

    static Stream<Member> scalarMembers() {
        return membersOn("scalar");
    }

    private static Stream<Member> membersOn(String provider) {
        List<String> codecs = KvCodecs.unmeasured();
        List<Member> members = new ArrayList<>();
        for (String family : TestFamily.decoders()) {
            for (String format : formats(family)) {
                members.add(new Member(family, format, codecs.get(members.size() % codecs.size()), provider));
            }
        }
        return members.stream();
    }

    /** All for one family, a few in turn for each of the others: what a format does, it does in all of them. */
    static List<String> formats(String family) {
        List<String> all = List.copyOf(WeightFormats.ALL.names());
        int which = TestFamily.decoders().indexOf(family);
        if (which == 0) return all;
        return List.of("f32", all.get(2 * which % all.size()), all.get((2 * which + 1) % all.size()));
    }

    @Test
    void shouldHoldEveryArchitectureToThem() {
        List<String> held = TestFamily.ALL.values().stream()
                .map(TestFamily::architecture)
                .distinct()
                .toList();
        assertThat(held).containsExactlyInAnyOrderElementsOf(Architectures.ALL.names());
    }

    /** On the best provider all; on the others every format, with the architectures in turn. */
    static Stream<Member> membersOfProviders() {
        List<String> providers = Machine.providers();
        List<String> architectures = TestFamily.decoders();
        List<String> codecs = KvCodecs.unmeasured();
        List<Member> others = new ArrayList<>();
        for (String provider : providers.subList(1, providers.size())) {
            for (String format : WeightFormats.ALL.names()) {
                String architecture = architectures.get(others.size() % architectures.size());
                others.add(new Member(architecture, format, codecs.get(others.size() % codecs.size()), provider));
            }
        }
        return Stream.concat(members(), others.stream());
    }

    private static int[][] sequences() {
        Random random = new Random(SEED);
        return Arrays.stream(LENGTHS)
                .mapToObj(n -> random.ints(n, 0, RandomModel.VOCABULARY).toArray())
                .toArray(int[][]::new);
    }

    @ParameterizedTest
    @MethodSource("scalarMembers")
    void shouldAgreeWithTheDefinition(Member member) {
        Machine machine = member.machine();
        int[][] sequences = sequences();
        try (RandomModel model = new RandomModel(machine.memory, SEED, member.architecture, member.format);
                ModelTrial trial = new ModelTrial(machine, model.metadata(), model, "", 2)) {
            Random random = new Random(SEED);
            ModelTrial.Result exact = trial.run(Numerics.EXACT, sequences, Steps.random(random, LENGTHS), 0);
            ModelTrial.Result fast = trial.run(Numerics.FAST, sequences, Steps.whole(LENGTHS), 0);
            for (int s = 0; s < sequences.length; s++) {
                Float64Decoder wanted = new Float64Decoder(model, sequences[s]);
                String which = member + " sequence=" + s + " seed=" + SEED;
                for (int t = 0; t < sequences[s].length; t++) {
                    for (int l = 0; l < model.family.layers; l++) {
                        int at = (t * model.family.layers + l) * model.dim;
                        assertThat(worst(exact.hidden()[s], at, wanted.hidden[t][l]))
                                .as("hidden: %s token=%d layer=%d", which, t, l)
                                .isLessThan(FLOAT);
                    }
                    int at = t * RandomModel.VOCABULARY;
                    assertThat(worst(exact.logits()[s], at, wanted.logits[t]))
                            .as("exact: " + which)
                            .isLessThan(FLOAT);
                    assertThat(worst(fast.logits()[s], at, wanted.logits[t]))
                            .as("fast: " + which)
                            .isLessThan(FLOAT);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("members")
    void shouldNotChangeABitOfAnExactAnswerHoweverManyRowsGoThroughALayerAtATime(Member member) {
        String recipe = "keys=" + member.codec + " values=" + member.codec;
        Machine machine = member.machine();
        int[][] sequences = sequences();
        try (RandomModel model = new RandomModel(machine.memory, SEED, member.architecture, member.format);
                ModelTrial trial = new ModelTrial(machine, model.metadata(), model, recipe, 2)) {
            ModelTrial.Result whole = trial.run(Numerics.EXACT, sequences, Steps.whole(LENGTHS), 0);
            for (int rows : new int[] {1, 7, 16}) {
                trial.layerRows = rows;
                ModelTrial.Result parts = trial.run(Numerics.EXACT, sequences, Steps.whole(LENGTHS), 0);
                for (int s = 0; s < sequences.length; s++) {
                    String which = member + " rows=" + rows + " sequence=" + s;
                    assertThat(parts.logits()[s]).as(which).isEqualTo(whole.logits()[s]);
                    assertThat(parts.hidden()[s]).as(which).isEqualTo(whole.hidden()[s]);
                }
            }
        }
    }

    /** Keys that are kept as they were before are turned by the same positions, in whatever way a family turns. */
    @ParameterizedTest
    @MethodSource("families")
    void shouldTurnKeysWhenTheyAreReadAsWhenTheyCome(String family) {
        Machine machine = MACHINES.get(Machine.providers().getFirst());
        int[][] sequences = sequences();
        try (RandomModel model = new RandomModel(machine.memory, SEED, family, "f32");
                ModelTrial plain = new ModelTrial(machine, model.metadata(), model, "keys=f16 values=f16", 2);
                ModelTrial late =
                        new ModelTrial(machine, model.metadata(), model, "keys=unturned(bits=16) values=f16", 2)) {
            float[][] wanted = plain.run(Numerics.EXACT, sequences, Steps.whole(LENGTHS), 0)
                    .logits();
            float[][] got = late.run(Numerics.EXACT, sequences, Steps.random(new Random(SEED), LENGTHS), 0)
                    .logits();
            for (int s = 0; s < sequences.length; s++) {
                double[] all = new double[wanted[s].length];
                for (int i = 0; i < all.length; i++) all[i] = wanted[s][i];
                assertThat(worst(got[s], 0, all)).as(family + " sequence=" + s).isLessThan(HALF);
            }
        }
    }

    static List<String> families() {
        return TestFamily.decoders();
    }

    /** The greatest difference, relative to the greatest magnitude wanted. */
    static double worst(float[] got, int at, double[] wanted) {
        double worst = 0;
        for (int i = 0; i < wanted.length; i++) worst = Math.max(worst, Math.abs(got[at + i] - wanted[i]));
        return worst / Arrays.stream(wanted).map(Math::abs).max().orElseThrow();
    }

    @ParameterizedTest
    @MethodSource("members")
    void shouldAgreeWithTheScalarProviderWithinTheStatedBound(Member member) {
        Machine machine = member.machine();
        int[][] sequences = sequences();
        try (RandomModel model = new RandomModel(machine.memory, SEED, member.architecture, member.format);
                ModelTrial scalar = new ModelTrial(MACHINES.get("scalar"), model.metadata(), model, "", 1);
                ModelTrial best = new ModelTrial(machine, model.metadata(), model, "", 2)) {
            float[][] wanted = scalar.run(Numerics.EXACT, sequences, Steps.whole(LENGTHS), 0)
                    .logits();
            for (Numerics numerics : Numerics.values()) {
                double allowed = member.allowed(numerics);
                float[][] got = best.run(numerics, sequences, Steps.random(new Random(SEED), LENGTHS), 0)
                        .logits();
                List<String> beyond = new ArrayList<>();
                int explained = 0;
                for (int s = 0; s < sequences.length; s++) {
                    List<String> own = new ArrayList<>();
                    double[] row = new double[RandomModel.VOCABULARY];
                    for (int at = 0; at < got[s].length; at += row.length) {
                        for (int i = 0; i < row.length; i++) row[i] = wanted[s][at + i];
                        double worst = worst(got[s], at, row);
                        if (!(worst < allowed)) own.add("sequence=" + s + " token=" + at / row.length + ": " + worst);
                    }
                    if (!own.isEmpty() && new RouterTies(model, sequences[s], allowed).explain(got[s])) {
                        explained += own.size();
                    } else {
                        beyond.addAll(own);
                    }
                }
                assertThat(beyond)
                        .as("%s %s seed=%d, allowed=%s", member, numerics, SEED, allowed)
                        .isEmpty();
                assertThat(explained).isLessThanOrEqualTo(Arrays.stream(LENGTHS).sum() / 5);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("membersOfProviders")
    void shouldNotDependOnChunkingCompanyThreadsOrDrafts(Member member) {
        Machine machine = member.machine();
        int[][] sequences = sequences();
        String recipe = "keys=" + member.codec + " values=" + member.codec;
        try (RandomModel model = new RandomModel(machine.memory, SEED, member.architecture, member.format)) {
            float[][] alone = new float[LENGTHS.length][];
            try (ModelTrial trial = new ModelTrial(machine, model.metadata(), model, recipe, 1)) {
                for (int s = 0; s < LENGTHS.length; s++) {
                    alone[s] = trial.run(Numerics.EXACT, sequences, Steps.alone(s, LENGTHS), 0)
                            .logits()[s];
                }
            }
            Random random = new Random(SEED);
            for (int threads = 1; threads <= 4; threads++) {
                try (ModelTrial trial = new ModelTrial(machine, model.metadata(), model, recipe, threads)) {
                    int drafts = threads - 1;
                    List<int[]> steps = threads == 2 ? Steps.tokenByToken(LENGTHS) : Steps.random(random, LENGTHS);
                    ModelTrial.Result got = trial.run(Numerics.EXACT, sequences, steps, drafts);
                    for (int s = 0; s < LENGTHS.length; s++) {
                        assertThat(Arrays.mismatch(got.logits()[s], alone[s]))
                                .as("%s threads=%d drafts=%d sequence=%d seed=%d", member, threads, drafts, s, SEED)
                                .isEqualTo(-1);
                    }
                }
            }
            assertThat(model.isLetGo()).isTrue();
        }
    }
}
