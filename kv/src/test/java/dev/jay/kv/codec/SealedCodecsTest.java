// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What the published codecs are said to do, on rows made for it; what they do to a model is the bench's to tell. */
class SealedCodecsTest {
    private static final int WIDTH = 128;
    private static final int TOKENS = 256;

    private static float[] gaussian(int seed, int count) {
        Random random = new Random(seed);
        float[] v = new float[count];
        for (int i = 0; i < count; i++) v[i] = (float) random.nextGaussian();
        return v;
    }

    /** Keys with one channel that is 20 times larger. */
    private static float[] withOutlier() {
        float[] keys = gaussian(1, TOKENS * WIDTH);
        for (int t = 0; t < TOKENS; t++) keys[t * WIDTH + 37] *= 20;
        return keys;
    }

    /** Keys of which most channels are large or small in every token. */
    private static float[] withChannels() {
        float[] keys = gaussian(1, TOKENS * WIDTH);
        float[] means = gaussian(2, WIDTH);
        for (int i = 0; i < keys.length; i++) keys[i] += 5 * means[i % WIDTH];
        return keys;
    }

    private static float[] coded(String name, float[] rows) {
        KvCodec codec = KvCodecs.ALL.make(name);
        MemorySegment page = MemorySegment.ofArray(new byte[codec.groupBytes(WIDTH)]);
        float[] out = new float[rows.length];
        for (int t = 0; t < TOKENS; t += codec.group()) {
            page.fill((byte) 0xA5); // a page says nothing of what it held before
            codec.seal(MemorySegment.ofArray(rows), 4L * t * WIDTH, WIDTH, page, 0);
            codec.unseal(page, 0, WIDTH, MemorySegment.ofArray(out), 4L * t * WIDTH);
        }
        return out;
    }

    /** The mean square error of scores of random queries. */
    private static double scoreError(String codec, float[] keys) {
        float[] got = coded(codec, keys);
        float[] queries = gaussian(3, 16 * WIDTH);
        double sum = 0;
        for (int q = 0; q < 16; q++) {
            for (int t = 0; t < TOKENS; t++) {
                double error = 0;
                for (int c = 0; c < WIDTH; c++)
                    error += queries[q * WIDTH + c] * (got[t * WIDTH + c] - keys[t * WIDTH + c]);
                sum += error * error / WIDTH;
            }
        }
        return sum / 16 / TOKENS;
    }

    private static double relativeError(String codec, float[] rows) {
        float[] got = coded(codec, rows);
        double error = 0;
        double all = 0;
        for (int i = 0; i < rows.length; i++) {
            error += Math.pow(got[i] - rows[i], 2);
            all += rows[i] * rows[i];
        }
        return Math.sqrt(error / all);
    }

    /** Row 118: of a plain 4-bit codec's score error most comes back, and more with a greater order. */
    @Test
    void shouldRecoverWhatAnOutlierCostsByRotation() {
        float[] keys = withOutlier();
        double plain = scoreError("per-token(bits=4,span=128)", keys);
        assertThat(1 - scoreError("rotated(bits=4,order=16)", keys) / plain).isGreaterThan(0.7);
        assertThat(1 - scoreError("rotated(bits=4,order=64)", keys) / plain).isGreaterThan(0.85);
        assertThat(1 - scoreError("rotated(bits=4,order=128)", keys) / plain).isGreaterThan(0.85);
    }

    /** Where a range is of 32 channels an outlier costs less to begin with, and turned it still costs less than half. */
    @Test
    void shouldRecoverWhatAnOutlierCostsByRotationOfRowsToo() {
        float[] keys = withOutlier();
        double plain = scoreError("q4_0", keys);
        assertThat(scoreError("rotated-q4_0", keys)).isLessThan(plain / 2);
        float[] even = gaussian(5, TOKENS * WIDTH);
        double none = scoreError("q4_0", even);
        assertThat(scoreError("rotated-q4_0", even)).isBetween(0.9 * none, 1.1 * none);
    }

    @Test
    void shouldNeitherGainNorLoseByRotationWithoutOutliers() {
        float[] keys = gaussian(5, TOKENS * WIDTH);
        double plain = scoreError("per-token(bits=4,span=128)", keys);
        assertThat(scoreError("rotated(bits=4,order=64)", keys)).isBetween(0.9 * plain, 1.1 * plain);
    }

    /** Row 59. */
    @Test
    void shouldLoseLessOfKeysChannelByChannel() {
        float[] keys = withChannels();
        assertThat(scoreError("per-channel(bits=2)", keys))
                .isLessThan(scoreError("per-token(bits=2,span=32)", keys) / 4);
    }

    /** Row 213: rank and outliers each leave less; how much depends on the rows. */
    @Test
    void shouldLeaveLessWithRankAndOutliers() {
        float[] factors = gaussian(6, TOKENS * 8);
        float[] loads = gaussian(7, 8 * WIDTH);
        float[] keys = gaussian(8, TOKENS * WIDTH);
        for (int i = 0; i < keys.length; i++) {
            keys[i] *= 0.3f;
            for (int f = 0; f < 8; f++) keys[i] += factors[i / WIDTH * 8 + f] * loads[f * WIDTH + i % WIDTH];
        }
        double plain = relativeError("per-channel(bits=2)", keys);
        double ranked = relativeError("gear-channel(bits=2,rank=4,outliers=0)", keys);
        double both = relativeError("gear-channel(bits=2,rank=4,outliers=2)", keys);
        assertThat(ranked).isLessThan(0.95 * plain);
        assertThat(both).isLessThan(0.95 * ranked);
        assertThat(relativeError("gear-token(bits=2,rank=4)", keys))
                .isLessThan(relativeError("per-token(bits=2)", keys));
    }

    /** Keys of which few channels vary much, around means that are large. */
    private static float[] withFewThatVary() {
        float[] keys = gaussian(10, TOKENS * WIDTH);
        float[] scales = gaussian(11, WIDTH);
        float[] means = gaussian(12, WIDTH);
        for (int i = 0; i < keys.length; i++) {
            keys[i] = keys[i] * (float) Math.exp(scales[i % WIDTH]) + 5 * means[i % WIDTH];
        }
        return keys;
    }

    /** Row 56: what is dropped costs a fifth at most of what as many channels cost that are drawn at random. */
    @Test
    void shouldDropTheChannelsThatMatterLeast() {
        float[] keys = withFewThatVary();
        float[] means = new float[WIDTH];
        for (int i = 0; i < keys.length; i++) means[i % WIDTH] += keys[i] / TOKENS;
        double all = 0; // what any query's scores lose if a channel is taken for its mean, summed over channels
        for (int i = 0; i < keys.length; i++) all += Math.pow(keys[i] - means[i % WIDTH], 2);
        double random = 0.4 * all / TOKENS / WIDTH;
        assertThat(scoreError("thin", keys)).isLessThan(random / 5);
        assertThat(scoreError("thin(drop=20)", keys)).isLessThan(scoreError("thin", keys) / 2);
        assertThat(scoreError("thin(bits=4)", keys)).isLessThan(random / 5);
    }

    /** A query's product with what comes back is that of the kept channels, and of the means of the others. */
    @Test
    void shouldKeepChannelsAsTheyAreOrTheirMeanAlone() {
        float[] keys = withFewThatVary();
        float[] got = coded("thin", keys);
        for (int t = 0; t < TOKENS; t += 32) {
            int kept = 0;
            double leastKept = Double.MAX_VALUE;
            double mostDropped = 0;
            for (int c = 0; c < WIDTH; c++) {
                double mean = 0;
                for (int i = t; i < t + 32; i++) mean += keys[i * WIDTH + c] / 32.0;
                double varied = 0;
                boolean isKept = false;
                for (int i = t; i < t + 32; i++) {
                    varied += Math.pow(keys[i * WIDTH + c] - mean, 2);
                    isKept |= got[i * WIDTH + c] != got[t * WIDTH + c];
                }
                for (int i = t; i < t + 32; i++) {
                    double wanted = isKept ? keys[i * WIDTH + c] : mean;
                    assertThat((double) got[i * WIDTH + c])
                            .isCloseTo(wanted, within(1e-7 + Math.abs(wanted) * 0x1p-11));
                }
                if (isKept) kept++;
                if (isKept) leastKept = Math.min(leastKept, varied);
                else mostDropped = Math.max(mostDropped, varied);
            }
            assertThat(kept).isEqualTo(77); // 60 percent of 128
            assertThat(leastKept).isGreaterThanOrEqualTo(mostDropped);
        }
    }

    /** The formulas that the rows of the catalog state: bits a value, ranges, rank, outliers. */
    @Test
    void shouldTakeTheBytesThatAreStated() {
        assertThat(KvCodecs.ALL.make("per-channel(bits=2)").groupBytes(WIDTH))
                .isEqualTo(32 * WIDTH * 2 / 8 + 4 * WIDTH);
        assertThat(KvCodecs.ALL.make("per-channel(bits=2,group=64)").groupBytes(WIDTH))
                .isEqualTo(64 * WIDTH * 2 / 8 + 4 * WIDTH);
        assertThat(KvCodecs.ALL.make("per-token(bits=2)").groupBytes(WIDTH)).isEqualTo(32 * (WIDTH * 2 / 8 + 4 * 4));
        assertThat(KvCodecs.ALL.make("rotated").groupBytes(WIDTH)).isEqualTo(32 * (WIDTH / 2 + 4));
        for (String row : List.of("q4_0", "iq4_nl", "rotated-q4_0")) {
            assertThat(KvCodecs.ALL.make(row).groupBytes(WIDTH)).as(row).isEqualTo(WIDTH / 2 + 2 * WIDTH / 32);
        }
        assertThat(KvCodecs.ALL.make("thin").groupBytes(WIDTH)).isEqualTo(32 * 77 * 2 + WIDTH / 8 + 2 * (WIDTH - 77));
        assertThat(KvCodecs.ALL.make("thin(bits=4)").groupBytes(WIDTH)) // an even number is kept
                .isEqualTo(32 * 78 / 2 + 4 * 78 + WIDTH / 8 + 2 * (WIDTH - 78));
        assertThat(KvCodecs.ALL.make("gear-channel").groupBytes(WIDTH))
                .isEqualTo(32 * WIDTH * 2 / 8 + 4 * WIDTH + 2 * 4 * (WIDTH + 32) + 4 * (32 * WIDTH * 2 / 100));
    }

    @Test
    void shouldKeepWhatIsConstantAndStayFinite() {
        for (String name : KvCodecs.unmeasured()) {
            float[] same = new float[TOKENS * WIDTH];
            Arrays.fill(same, 0.5f);
            for (float v : coded(name, same)) assertThat(v).as(name).isBetween(0.499f, 0.501f);
            float[] large = gaussian(9, TOKENS * WIDTH);
            large[WIDTH * 3 + 5] = 60_000;
            large[WIDTH * 9 + 5] = -60_000;
            for (float v : coded(name, large))
                assertThat(Float.isFinite(v)).as(name).isTrue();
        }
    }

    @Test
    void shouldRejectWhenParametersMakeNoSense() {
        assertThatThrownBy(() -> KvCodecs.ALL.make("rotated(order=48)")).hasMessageContaining("order=48, allowed");
        assertThatThrownBy(() -> KvCodecs.ALL.make("rotated-q4_0(order=3)"))
                .hasMessageContaining("rotated-q4_0: order=3");
        assertThatThrownBy(() -> KvCodecs.ALL.make("gear-token(rank=99)")).hasMessageContaining("rank=99");
        assertThatThrownBy(() -> KvCodecs.ALL.make("thin(drop=95)")).hasMessageContaining("drop=95.0 percent, allowed");
        assertThatThrownBy(() -> KvCodecs.ALL.make("thin(bits=3)")).hasMessageContaining("bits=3, allowed");
        assertThatThrownBy(() -> KvCodecs.ALL.make("per-token(span=3)")).hasMessageContaining("span=3");
    }
}
