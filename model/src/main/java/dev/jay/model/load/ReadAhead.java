// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.Threads;
import dev.jay.tensor.memory.DirectFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;

/**
 * Reads units in a fixed order, round and round, into a few slots, as soon as a slot is free. Whoever holds a unit waits
 * until it is there. A hold out of turn (a pass that failed half-way, or wanted no head) makes it begin again from there.
 * Owns its thread; borrows slots and files.
 */
final class ReadAhead implements AutoCloseable {
    private static final int NOBODY = -1;

    private enum State {
        FREE,
        READING,
        READY,
        HELD
    }

    private static final class Slot {
        final MemorySegment bytes;
        State state = State.FREE;
        int unit = NOBODY;

        Slot(MemorySegment bytes) {
            this.bytes = bytes;
        }
    }

    private final List<DirectFile> files;
    private final List<Integer> order;
    private final Map<Integer, WeightUnit> units;
    private final List<Slot> slots;
    private final Thread thread;
    private int next; // place in the order of what is read next
    private int turn; // changes when what is being read is wanted no more
    private Throwable failure;
    private boolean closed;

    ReadAhead(List<DirectFile> files, List<Integer> order, Map<Integer, WeightUnit> units, List<MemorySegment> slots) {
        this.files = List.copyOf(files);
        this.order = List.copyOf(order);
        this.units = units;
        this.slots = slots.stream().map(Slot::new).toList();
        this.thread = Thread.ofPlatform().name("jay-weights").daemon(true).unstarted(this::readOn);
        thread.start();
    }

    /** Waits until the unit is in memory. Units that are always there are none of ours. */
    synchronized void hold(int unit) {
        int place = order.indexOf(unit);
        if (place < 0) return;
        Slot slot = slotOf(unit);
        if (slot == null) restartAt(place);
        while (slot == null || slot.state != State.READY) {
            if (failure != null) {
                Throwable cause = failure;
                failure = null; // the next pass may try again
                throw new IllegalStateException("weights cannot be read: " + cause, cause);
            }
            if (closed) throw new IllegalStateException("weights are closed");
            await();
            slot = slotOf(unit);
        }
        slot.state = State.HELD;
        units.get(unit).isAt(slot.bytes);
    }

    private void await() {
        try {
            wait();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while weights were read", e);
        }
    }

    private void restartAt(int place) {
        for (Slot s : slots) if (s.state == State.READY) free(s);
        next = place;
        turn++;
        notifyAll();
    }

    private Slot slotOf(int unit) {
        for (Slot s : slots) if (s.unit == unit && s.state != State.FREE) return s;
        return null;
    }

    private static void free(Slot slot) {
        slot.state = State.FREE;
        slot.unit = NOBODY;
    }

    synchronized void release(int unit) {
        Slot slot = slotOf(unit);
        if (slot == null || slot.state != State.HELD) return;
        units.get(unit).isAt(null);
        free(slot);
        notifyAll();
    }

    private void readOn() {
        while (true) {
            Slot slot;
            int unit;
            int mine;
            synchronized (this) {
                slot = freeSlot();
                while (!closed && (failure != null || slot == null)) {
                    awaitQuietly();
                    slot = freeSlot();
                }
                if (closed) return;
                unit = order.get(next);
                next = (next + 1) % order.size();
                slot.unit = unit;
                slot.state = State.READING;
                mine = turn;
            }
            Throwable thrown = read(unit, slot);
            synchronized (this) {
                if (thrown != null) {
                    failure = thrown;
                    free(slot);
                } else if (mine != turn) {
                    free(slot);
                } else {
                    slot.state = State.READY;
                }
                notifyAll();
            }
        }
    }

    private Throwable read(int unit, Slot slot) {
        try {
            units.get(unit).read(files, slot.bytes);
            return null;
        } catch (IOException | RuntimeException | Error e) {
            return e;
        }
    }

    private Slot freeSlot() {
        for (Slot s : slots) if (s.state == State.FREE) return s;
        return null;
    }

    private void awaitQuietly() {
        try {
            wait();
        } catch (InterruptedException e) {
            closed = true;
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        Threads.awaitEnd(thread);
    }
}
