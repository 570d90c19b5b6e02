// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.train.Recipe.Choice;
import java.util.Locale;

/**
 * How a pass keeps what its way back needs: all of it in memory where it fits; else computed again, or as much of it as
 * must in a file (MEMO's question: Zhao and others 2024), whichever costs less. None of it changes a bit.
 *
 * @param recompute whether activations may be computed again; yes: they are
 * @param file      whether they may wait in a file; yes: all blocks' do
 * @param blocks    that the model has
 * @param flops     of the products on the way there
 */
record PassChoice(Choice recompute, Choice file, int sequences, int length, int blocks, double flops) {
    /** What a pass of some size takes. */
    interface Rooms {
        TrainRoom of(TrainModel.Size size);
    }

    /** What this machine does, asked only where it decides. */
    interface Rates {
        /** Bytes a second, written; then read. */
        double[] disk();

        /** Operations of products a second. */
        double products();

        /** Told what was chosen and why. */
        void note(String line);
    }

    /** @return null if nothing allowed fits */
    TrainRoom fitting(Rooms rooms, long free, Rates rates) {
        boolean plain = recompute.allowed(false) && file.allowed(false);
        if (plain) {
            TrainRoom room = rooms.of(size(false, 0));
            if (room.bytes() <= free) return room;
        }
        TrainRoom again = recompute.allowed(true) && file != Choice.YES ? within(rooms.of(size(true, 0)), free) : null;
        TrainRoom filed = file.allowed(true) && recompute != Choice.YES ? leastInFile(rooms, free) : null;
        if (again == null || filed == null) return again == null ? filed : again;
        return isHidden(filed, rates) ? filed : again;
    }

    /** What nothing allowed takes less than. */
    TrainRoom least(Rooms rooms) {
        if (recompute.allowed(true)) return rooms.of(size(true, 0));
        return rooms.of(size(false, file.allowed(true) ? blocks : 0));
    }

    private TrainModel.Size size(boolean again, int inFile) {
        return new TrainModel.Size(sequences, length, again, inFile);
    }

    private static TrainRoom within(TrainRoom room, long free) {
        return room.bytes() <= free ? room : null;
    }

    private TrainRoom leastInFile(Rooms rooms, long free) {
        for (int count = file == Choice.YES ? blocks : 1; count <= blocks; count++) {
            TrainRoom room = rooms.of(size(false, count));
            if (room.bytes() <= free) return room;
        }
        return null;
    }

    /** Whether writing takes no longer than the way there, and reading no longer than the way back. */
    private boolean isHidden(TrainRoom room, Rates rates) {
        double[] disk = rates.disk();
        double there = flops / rates.products();
        boolean hidden = room.toFile() / disk[0] <= there && room.toFile() / disk[1] <= 2 * there;
        rates.note(String.format(
                Locale.ROOT,
                "activations do not fit: %d MiB to a disk of %.0f and %.0f MB/s, beside %.2f s of products, %s",
                room.toFile() >> 20,
                disk[0] / 1e6,
                disk[1] / 1e6,
                there,
                hidden ? "are hidden: they wait in a file" : "are not hidden: they are computed again"));
        return hidden;
    }
}
