// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Rows along few directions, on rows made for it; what it does to a model is the bench's to tell. */
class LowRankTest {
    private static final int WIDTH = 75; // no multiple of anything
    private static final int RANK = 20;
    private static final int TOKENS = 64;
    private static final KvBasis BASIS = Bases.random(7, WIDTH, RANK);

    /** Rows that vary along the basis as it says, and by so much in all directions besides. */
    private static float[] rows(double rest) {
        Random random = new Random(3);
        float[] rows = new float[TOKENS * WIDTH];
        for (int t = 0; t < TOKENS; t++) {
            for (int c = 0; c < WIDTH; c++)
                rows[t * WIDTH + c] = BASIS.mean()[c] + (float) (rest * random.nextGaussian());
            for (int r = 0; r < RANK; r++) {
                double feature = random.nextGaussian() * Math.sqrt(BASIS.variances()[r]);
                for (int c = 0; c < WIDTH; c++) rows[t * WIDTH + c] += (float) feature * BASIS.vectors()[r * WIDTH + c];
            }
        }
        return rows;
    }

    private static KvCodec codec(String parameters) {
        return KvCodecs.ALL.make("low-rank(" + parameters + ")").along(BASIS);
    }

    private static float[] coded(KvCodec codec, float[] rows) {
        MemorySegment page = MemorySegment.ofArray(new byte[codec.groupBytes(WIDTH)]);
        float[] out = new float[rows.length];
        for (int t = 0; t < TOKENS; t += codec.group()) {
            page.fill((byte) 0xA5); // a page says nothing of what it held before
            codec.seal(MemorySegment.ofArray(rows), 4L * t * WIDTH, WIDTH, page, 0);
            codec.unseal(page, 0, WIDTH, MemorySegment.ofArray(out), 4L * t * WIDTH);
            checkParts(codec, page, out, t);
        }
        return out;
    }

    /** Some channels alone are what they are among all. */
    private static void checkParts(KvCodec codec, MemorySegment page, float[] whole, int token) {
        for (int from : new int[] {0, 1, 50, WIDTH - 1}) {
            int channels = Math.min(25, WIDTH - from);
            float[] part = new float[codec.group() * channels];
            codec.format(WIDTH, from, channels).decode(page, 0, MemorySegment.ofArray(part), 0);
            for (int i = 0; i < part.length; i++) {
                int at = (token + i / channels) * WIDTH + from + i % channels;
                assertThat(part[i]).isEqualTo(whole[at]);
            }
        }
    }

    /** Of what varies. */
    private static double error(String parameters, float[] rows) {
        float[] got = coded(codec(parameters), rows);
        double off = 0;
        double all = 0;
        for (int i = 0; i < rows.length; i++) {
            off += Math.pow(got[i] - rows[i], 2);
            all += Math.pow(rows[i] - BASIS.mean()[i % WIDTH], 2);
        }
        return off / all;
    }

    @Test
    void shouldGiveBackWhatLiesAlongTheDirections() {
        assertThat(error("rank=20,bits=16", rows(0))).isLessThan(1e-6);
        double rest = error("rank=20,bits=16", rows(0.1));
        double dropped = 0.01 * (WIDTH - RANK); // of each token, along all others
        double all = dropped + 0.01 * RANK;
        for (float v : BASIS.variances()) all += v;
        assertThat(rest).isCloseTo(dropped / all, within(0.2 * dropped / all));
    }

    /** A bit more takes about three quarters of the error, as it does of normal values coded each by itself. */
    @Test
    void shouldLoseLessWithMoreBits() {
        double before = 1;
        for (int bits = 1; bits <= 6; bits++) {
            double now = error("rank=20,bits=" + bits, rows(0));
            assertThat(now).as("bits=" + bits).isLessThan(0.45 * before);
            before = now;
        }
        assertThat(error("rank=20,bits=2", rows(0))).isLessThan(0.08); // evenly spread bits would leave 0.12
    }

    @Test
    void shouldKeepATokenThatIsFarFromAllOthersInProportion() {
        float[] rows = rows(0);
        for (int c = 0; c < WIDTH; c++) {
            rows[5 * WIDTH + c] = BASIS.mean()[c] + 500 * (rows[5 * WIDTH + c] - BASIS.mean()[c]);
            rows[9 * WIDTH + c] = BASIS.mean()[c];
        }
        float[] got = coded(codec("rank=20,bits=4"), rows);
        double off = 0;
        double all = 0;
        for (int c = 0; c < WIDTH; c++) {
            off += Math.pow(got[5 * WIDTH + c] - rows[5 * WIDTH + c], 2);
            all += Math.pow(rows[5 * WIDTH + c] - BASIS.mean()[c], 2);
            assertThat(got[9 * WIDTH + c]).isCloseTo(BASIS.mean()[c], within(0.01f));
        }
        assertThat(off / all).isLessThan(0.02);
    }

    @Test
    void shouldTakeTheBytesThatAreStated() {
        assertThat(codec("rank=20,bits=3").groupBytes(WIDTH)).isEqualTo(32 * (1 + 8)); // 60 bits
        assertThat(codec("rank=20,bits=8,group=64").groupBytes(WIDTH)).isEqualTo(64 * 21);
        assertThat(codec("rank=7,bits=1").groupBytes(WIDTH)).isEqualTo(32 * 2);
        assertThat(codec("rank=20,bits=16").groupBytes(WIDTH)).isEqualTo(32 * 40);
    }

    @Test
    void shouldStayFiniteWhateverComes() {
        float[] rows = rows(1);
        rows[3] = Float.MAX_VALUE;
        rows[WIDTH] = Float.NEGATIVE_INFINITY;
        rows[2 * WIDTH] = Float.NaN;
        for (String parameters : List.of("rank=20,bits=2", "rank=20,bits=8")) {
            for (float v : coded(codec(parameters), rows))
                assertThat(Float.isFinite(v)).isTrue();
        }
    }

    @Test
    void shouldRejectWhatDoesNotFit() {
        assertThatThrownBy(() -> KvCodecs.ALL.make("low-rank(bits=9)")).hasMessageContaining("bits=9, allowed");
        assertThatThrownBy(() -> KvCodecs.ALL.make("low-rank(rank=0)")).hasMessageContaining("rank=0");
        assertThatThrownBy(() -> codec("rank=21")).hasMessageContaining("rank=21, measured were 20 directions");
        assertThatThrownBy(() -> codec("rank=4,basis=5")).hasMessageContaining("basis=5 was asked for");
        assertThat(codec("rank=4,basis=" + BASIS.print()).name()).endsWith("basis=" + BASIS.print() + ")");
        KvCodec codec = codec("rank=4");
        MemorySegment room = MemorySegment.ofArray(new byte[100_000]);
        assertThatThrownBy(() -> codec.seal(room, 0, 64, room, 0)).hasMessageContaining("width=64");
        assertThatThrownBy(() -> KvCodecs.ALL.make("low-rank").seal(room, 0, 64, room, 0))
                .hasMessageContaining("nobody told");
        assertThatThrownBy(() -> codec("rank=20").groupBytes(16)).hasMessageContaining("rank=20 is more than");
    }

    @Test
    void shouldRejectABasisThatIsNone() {
        float[] mean = new float[4];
        assertThatThrownBy(() -> new KvBasis(mean, new float[5], new float[20])).hasMessageContaining("directions=5");
        assertThatThrownBy(() -> new KvBasis(mean, new float[2], new float[7])).hasMessageContaining("numbers=7");
        assertThatThrownBy(() -> new KvBasis(mean, new float[] {1, 2}, new float[8]))
                .hasMessageContaining("variance 1 is 2.0");
        assertThatThrownBy(() -> new KvBasis(mean, new float[] {Float.NaN}, new float[4]))
                .hasMessageContaining("a number is NaN");
    }
}
