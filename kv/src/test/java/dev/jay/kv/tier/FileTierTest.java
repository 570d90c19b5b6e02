// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.tier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class FileTierTest {
    private static final byte[] MODEL = new byte[32];

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("kv");
    }

    private int held(int slots) throws IOException {
        try (TierBed bed = new TierBed(file, MODEL, slots)) {
            int held = 0;
            for (int i = 0; i < 1000; i++) if (bed.holds(i)) held++;
            return held;
        }
    }

    @Test
    void shouldHoldAfterItIsOpenedAgainWhatWasUsedLast() throws Exception {
        try (TierBed bed = new TierBed(file, MODEL, 20)) {
            for (int i = 0; i < 20; i++) bed.demote(i);
            bed.awaitWritten(20);
            assertThat(bed.holds(3)).isTrue(); // and so used
            for (int i = 20; i < 39; i++) bed.demote(i);
            bed.demote(38); // what is there is not written again
            bed.awaitWritten(39);
            assertThat(bed.tier.stats().dropped()).isZero();
        }
        try (TierBed bed = new TierBed(file, MODEL, 20)) {
            for (int i = 0; i < 39; i++) assertThat(bed.holds(i)).as("%d", i).isEqualTo(i == 3 || i >= 20);
            assertThat(bed.holds(40)).isFalse();
        }
        assertThat(held(7)).isEqualTo(7); // a smaller one is cut
        assertThat(held(20)).isEqualTo(7);
    }

    @Test
    void shouldBeReadableByItsOwnerAlone() throws Exception {
        assertThat(held(2)).isZero();
        assertThat(Files.getPosixFilePermissions(file)).hasSize(2);
    }

    @Test
    void shouldRefuseAFileOfAnotherModelOrVersionOrOfAnythingElseAndLeaveItAsItIs() throws Exception {
        try (TierBed bed = new TierBed(file, MODEL, 4)) {
            bed.demote(1);
        }
        byte[] whole = Files.readAllBytes(file);
        byte[] other = MODEL.clone();
        other[31] = 1;
        assertThatThrownBy(() -> new TierBed(file, other, 4))
                .isInstanceOf(WrongKvFileException.class)
                .hasMessageContaining("another model");
        assertThat(Files.readAllBytes(file)).isEqualTo(whole);
        try (RandomAccessFile f = new RandomAccessFile(file.toFile(), "rw")) {
            f.seek(8);
            f.write(9);
        }
        assertThatThrownBy(() -> new TierBed(file, MODEL, 4)).hasMessageContaining("version=9, this Jay's=1");
        Files.writeString(file, "a letter");
        assertThatThrownBy(() -> new TierBed(file, MODEL, 4)).hasMessageContaining("it is no kv file");
        assertThat(file).hasContent("a letter");
        Files.write(file, java.util.Arrays.copyOf(whole, 100));
        assertThatThrownBy(() -> new TierBed(file, MODEL, 4)).hasMessageContaining("it is no kv file");
        assertThatThrownBy(() -> new TierBed(folder.resolve("small"), MODEL, 0)).hasMessageContaining("at least 20480");
    }

    @Test
    void shouldNotWriteBesideAnotherProcess() throws Exception {
        Process other = start(4, 0);
        try {
            other.inputReader().readLine();
            assertThatThrownBy(() -> new TierBed(file, MODEL, 4)).hasMessageContaining("another process uses it");
        } finally {
            other.destroyForcibly().waitFor();
        }
        assertThat(held(4)).isBetween(0, 4);
    }

    /** As often as the property jay.kills says (8). */
    @Test
    @Timeout(1200)
    void shouldBelieveNothingThatWasHalfWrittenWhenItWasKilled() throws Exception {
        int kills = Integer.getInteger("jay.kills", 8);
        int slots = 40;
        int most = 0;
        SplittableRandom random = new SplittableRandom(kills);
        for (int killed = 0; killed < kills; killed++) {
            Process process = start(slots, random.nextInt(1000));
            assertThat(process.inputReader().readLine()).isEqualTo("open");
            assertThat(process.waitFor(random.nextInt(60), TimeUnit.MILLISECONDS))
                    .isFalse();
            process.destroyForcibly().waitFor();
            if (random.nextBoolean()) tear(random);
            int held = held(slots);
            assertThat(held).isBetween(0, slots);
            most = Math.max(most, held);
        }
        assertThat(most).isPositive();
    }

    /** What a machine that stops would leave: the file cut, or a block of it that was never written. */
    private void tear(SplittableRandom random) throws IOException {
        try (FileChannel f = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            if (f.size() < 3 * 4096) return;
            if (random.nextBoolean()) f.truncate(4096 + random.nextLong(f.size() - 4096));
            else f.write(java.nio.ByteBuffer.allocate(4096), 4096 * (1 + random.nextLong(f.size() / 4096 - 1)));
        }
    }

    private Process start(int slots, int first) throws Exception {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        TierBed.class.getName(),
                        file.toString(),
                        Integer.toString(slots),
                        Integer.toString(first))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }
}
