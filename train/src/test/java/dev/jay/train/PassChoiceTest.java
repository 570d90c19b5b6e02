// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.train.Recipe.Choice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PassChoiceTest {
    private static final int BLOCKS = 10;
    private static final long EACH = 100; // bytes that a block saves
    private static final long OTHERS = 500;
    private static final double FLOPS = 1000;

    private final List<String> notes = new ArrayList<>();

    /** All in memory 1500, again 800, in a file 800 and more for each block that stays. */
    private static TrainRoom room(TrainModel.Size size) {
        long kept = size.recompute() ? 3 * EACH : (BLOCKS - size.inFile()) * EACH + (size.inFile() > 0 ? 3 * EACH : 0);
        return new TrainRoom(size, Map.of("others", OTHERS, "pass", kept), size.inFile() * EACH);
    }

    private PassChoice.Rates rates(double disk, double products) {
        return new PassChoice.Rates() {
            @Override
            public double[] disk() {
                return new double[] {disk, 2 * disk};
            }

            @Override
            public double products() {
                return products;
            }

            @Override
            public void note(String line) {
                notes.add(line);
            }
        };
    }

    private TrainModel.Size chosen(Choice recompute, Choice file, long free, PassChoice.Rates rates) {
        TrainRoom room =
                new PassChoice(recompute, file, 4, 8, BLOCKS, FLOPS).fitting(PassChoiceTest::room, free, rates);
        if (room == null) return null;
        assertThat(room.bytes()).isLessThanOrEqualTo(free);
        return room.size();
    }

    private static TrainModel.Size size(boolean again, int inFile) {
        return new TrainModel.Size(4, 8, again, inFile);
    }

    @Test
    void shouldTakeTheFileWhereTheDiskKeepsUp() {
        PassChoice.Rates fast = rates(1000, 1000); // a second of products, a tenth of a second for a block
        PassChoice.Rates slow = rates(10, 1000);
        assertThat(chosen(Choice.AUTO, Choice.AUTO, 1500, fast)).isEqualTo(size(false, 0));
        assertThat(notes).isEmpty();
        assertThat(chosen(Choice.AUTO, Choice.AUTO, 1400, fast)).isEqualTo(size(false, 4));
        assertThat(chosen(Choice.AUTO, Choice.AUTO, 1000, fast)).isEqualTo(size(false, 8));
        assertThat(chosen(Choice.AUTO, Choice.AUTO, 1000, slow)).isEqualTo(size(true, 0));
        assertThat(notes).hasSize(3).last().asString().contains("they are computed again");
        assertThat(chosen(Choice.AUTO, Choice.AUTO, 700, fast)).isNull();
    }

    @Test
    void shouldDoWhatItIsTold() {
        PassChoice.Rates none = rates(Double.NaN, Double.NaN);
        assertThat(chosen(Choice.NO, Choice.AUTO, 1000, none)).isEqualTo(size(false, 8));
        assertThat(chosen(Choice.AUTO, Choice.NO, 1000, none)).isEqualTo(size(true, 0));
        assertThat(chosen(Choice.YES, Choice.AUTO, 9000, none)).isEqualTo(size(true, 0));
        assertThat(chosen(Choice.AUTO, Choice.YES, 9000, none)).isEqualTo(size(false, BLOCKS));
        assertThat(chosen(Choice.NO, Choice.NO, 1000, none)).isNull();
        assertThat(notes).isEmpty();
    }
}
