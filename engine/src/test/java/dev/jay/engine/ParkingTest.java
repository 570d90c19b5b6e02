// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.engine.sample.Sampling;
import dev.jay.kv.pool.PagePool;
import dev.jay.kv.prefix.PrefixTier;
import dev.jay.kv.prefix.Recall;
import dev.jay.kv.tier.FileTier;
import dev.jay.tensor.Shared;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An answer that was not done when its model was closed goes on where it was, and is the answer it would have been. */
class ParkingTest {
    private static final byte[] IDENTITY = new byte[32];

    @TempDir
    private Path folder;

    private ParkingFile file() throws IOException {
        return new ParkingFile(folder.resolve("parked"), IDENTITY);
    }

    private EngineRig rig(Parking parking) {
        return new EngineRig("first-come", "grow(ahead=1)", 30, 16, 16, 0, 1000, this::tier, parking);
    }

    private PrefixTier tier(PagePool pool, Memory memory) {
        try {
            FileTier.Format format = new FileTier.Format(IDENTITY, 4, 1);
            return new FileTier(
                    folder.resolve("kv"), format, 1 << 20, Recall.ALWAYS, pool, memory, Runnable::run, () -> {});
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Request request(SplittableRandom random) {
        Request r = Request.of(random.ints(1 + random.nextInt(20), 2, HashForward.FAILS)
                        .toArray())
                .withSampling(random.nextBoolean() ? Sampling.GREEDY : Sampling.DEFAULT)
                .withIgnoreEos(random.nextBoolean())
                .withTenant(random.nextInt(4) == 0 ? "other" : "")
                .withAdapters(SomeAdapters.mix(random.nextInt(8)))
                .withNumerics(random.nextInt(3) == 0 ? Numerics.EXACT : Numerics.FAST)
                .withMaxTokens(1 + random.nextInt(30));
        if (random.nextInt(4) == 0) r = r.withStops("bc", "a");
        if (random.nextInt(6) == 0) r = r.withLogprobs(1);
        return random.nextInt(6) == 0 ? r.withPromptScores(1) : r;
    }

    @Test
    void whatWasParkedGoesOnAsIfNothingHadBeen() throws IOException {
        long resumed = 0;
        for (long seed = 1; seed <= 12; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            List<Request> left = new ArrayList<>();
            for (int i = 0; i < 12; i++) left.add(request(random));
            for (int process = 0; !left.isEmpty(); process++) {
                List<Answer> answers = new ArrayList<>();
                try (ParkingFile parking = file();
                        EngineRig rig = rig(parking)) {
                    for (Request r : left) {
                        answers.add(new Answer());
                        rig.engine.submit(r, answers.getLast());
                    }
                    for (int steps = 3 + random.nextInt(10) + process; steps > 0; steps--) rig.engine.step();
                    resumed += rig.engine.status().resumed();
                }
                List<Request> next = new ArrayList<>();
                for (int i = 0; i < left.size(); i++) {
                    if (answers.get(i).finish.reason() == FinishReason.CANCELLED) {
                        next.add(left.get(i));
                        continue;
                    }
                    try (EngineRig alone = new EngineRig()) {
                        assertThat(answers.get(i).outcome())
                                .as("seed=%d process=%d", seed, process)
                                .isEqualTo(alone.run(left.get(i)).outcome());
                    }
                }
                left = next;
            }
        }
        assertThat(resumed).isGreaterThan(50);
    }

    @Test
    void aParkedAnswerGoesOnOnceAndForTheSameRequestOnly() throws IOException {
        Request r = Request.of(5, 6, 7).withMaxTokens(9);
        var answer = new Parking.Answer(77, new int[] {3, 4});
        try (ParkingFile parking = file()) {
            parking.park(r, r.prompt(), answer);
            parking.park(r.withTenant("b"), r.prompt(), new Parking.Answer(78, new int[] {9}));
        }
        try (ParkingFile parking = file()) {
            assertThat(parking.take(r.withMaxTokens(8), r.prompt())).isEmpty();
            assertThat(parking.take(r, 5, 6)).isEmpty();
            Parking.Answer found = parking.take(r, r.prompt()).orElseThrow();
            assertThat(found.seed()).isEqualTo(77);
            assertThat(found.tokens()).containsExactly(3, 4);
            assertThat(parking.take(r, r.prompt())).isEmpty();
        }
        try (ParkingFile parking = file()) { // nobody asked for the other one: it stays
            assertThat(parking.take(r, r.prompt())).isEmpty();
            assertThat(parking.take(r.withTenant("b"), r.prompt())).isPresent();
        }
        assertThat(folder.resolve("parked")).doesNotExist();
    }

    @Test
    void nothingIsParkedOfWhoeverWantsNothingKept() throws IOException {
        Request r = Request.of(5).withMaxTokens(9);
        for (Request each : List.of(r.withSharing(false), r.withLogprobs(0), r.withPromptScores(1))) {
            try (ParkingFile parking = file()) {
                parking.park(each, each.prompt(), new Parking.Answer(1, new int[] {3}));
            }
            assertThat(folder.resolve("parked")).doesNotExist();
        }
    }

    @Test
    void aFileThatIsBrokenOrAnothersIsLeftOut() throws IOException {
        Request r = Request.of(5, 6, 7).withMaxTokens(9);
        Path path = folder.resolve("parked");
        try (ParkingFile parking = file()) {
            parking.park(r, r.prompt(), new Parking.Answer(77, new int[] {3, 4}));
        }
        byte[] whole = Files.readAllBytes(path);
        for (int at = 0; at < whole.length; at += 3) {
            byte[] broken = whole.clone();
            broken[at] ^= 1;
            Files.write(path, broken);
            assertThat(file().take(r, r.prompt())).as("byte %d", at).isEmpty();
            Files.write(path, Arrays.copyOf(whole, at));
            assertThat(file().take(r, r.prompt())).as("cut at %d", at).isEmpty();
        }
        Files.write(path, whole);
        byte[] other = IDENTITY.clone();
        other[7] = 1;
        assertThat(new ParkingFile(path, other).take(r, r.prompt())).isEmpty();
    }

    @Test
    void everyFieldOfARequestIsInItsPrintOrIsKnownNotToMatter() {
        Set<String> known = new HashSet<>(RequestPrint.COUNTED);
        known.addAll(RequestPrint.LEFT_OUT);
        Set<String> fields = Arrays.stream(Request.class.getDeclaredFields())
                .filter(f -> !Modifier.isStatic(f.getModifiers()))
                .map(Field::getName)
                .collect(Collectors.toSet());
        assertThat(fields)
                .as("a new field of Request: count it in RequestPrint.of, or say there why an answer does not"
                        + " depend on it or is not parked")
                .isEqualTo(known);
    }

    @Test
    void everyFieldThatIsCountedChangesThePrint() {
        Request r = Request.of(5, 6).withMaxTokens(9);
        List<Request> others = List.of(
                r,
                r.withSampling(Sampling.GREEDY),
                r.withSampling(Sampling.DEFAULT.withSeed(3)),
                r.withSampling(Sampling.DEFAULT.withTopK(3)),
                r.withSampling(Sampling.DEFAULT.withLogitBias(Map.of(3, 1f))),
                r.withSampling(Sampling.DEFAULT.withLogitBias(Map.of(3, 2f))),
                r.withNumerics(Numerics.EXACT),
                r.withMaxTokens(10),
                r.withPromptEnds(1),
                r.withPromptEnds(1, 2),
                r.withStops("a"),
                r.withStops("a", "b"),
                r.withStops("ab"),
                r.withStopTokens(Set.of(4)),
                r.withIgnoreEos(true),
                r.withAdapters(SomeAdapters.mix(1)),
                r.withAdapters(SomeAdapters.mix(2)),
                r.withTenant("a"));
        Set<String> prints = new HashSet<>();
        for (Request each : others) prints.add(RequestPrint.of(each, each.prompt()));
        prints.add(RequestPrint.of(r, 5));
        prints.add(RequestPrint.of(r, 6, 5));
        assertThat(prints).hasSize(others.size() + 2);
        assertThat(RequestPrint.of(r.withPriority(3), 5, 6)).isEqualTo(RequestPrint.of(r, 5, 6));
    }

    @Test
    void aRealModelGoesOnBitByBitAfterARestart() throws Exception {
        Path model = Shared.data("0-stories260K/stories260K.gguf");
        ModelOptions options = ModelOptions.defaults().withContextLength(256).withKvFile(folder.resolve("kv-real"));
        int decoded = 0;
        for (Sampling sampling : List.of(Sampling.GREEDY, Sampling.DEFAULT)) {
            Request request;
            try (Model first = Model.open(model, options)) {
                request = Request.of(first.tokenize("Once upon a time there was a cat"))
                        .withSampling(sampling)
                        .withNumerics(Numerics.EXACT)
                        .withIgnoreEos(true)
                        .withMaxTokens(200);
                Generation begun = first.generate(request);
                var pieces = begun.iterator();
                for (int i = 0; i < 20; i++) pieces.next();
            } // closed while it runs
            try (Model second = Model.open(model, options);
                    Model plain = Model.open(model, ModelOptions.defaults().withContextLength(256));
                    Generation gone = second.generate(request)) {
                Finish how = gone.finish();
                Request same = request.withSampling(sampling.withSeed(how.seed()));
                try (Generation wanted = plain.generate(same)) {
                    assertThat(wanted.finish().reason()).isEqualTo(FinishReason.LENGTH);
                    assertThat(gone.text()).isEqualTo(wanted.text());
                    assertThat(gone.tokens()).isEqualTo(wanted.tokens());
                }
                assertThat(second.status().resumed()).isEqualTo(1);
                assertThat(second.status().decodedTokens()).isLessThan(181);
                assertThat(second.status().reusedTokens()).isGreaterThan(20);
                decoded += (int) second.status().decodedTokens();
            }
        }
        assertThat(decoded).isPositive();
    }
}
