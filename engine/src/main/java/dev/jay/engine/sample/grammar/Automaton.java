// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Steps through a grammar byte by byte, keeping all readings at once: a state is a set of (state of the network, frame),
 * where a frame holds every place its rule was called from, so that a doubtful grammar takes polynomial time and no
 * reading is ever tried and taken back (the graph-structured stack of generalised parsers; XGrammar keeps a tree of
 * stacks to the same end). States of equal contents are one object, and remember where each class of bytes leads, so a
 * text mostly walks a table that fills itself. The table is bounded: it starts anew when it is full.
 *
 * <p>One thread at a time.
 */
final class Automaton {
    private static final int MOST_READINGS = 2000;

    private final Network network;
    private final long mostBytes;
    private final Map<List<Object>, Frame> frames = new HashMap<>();
    private final Map<List<Object>, GrammarState> states = new HashMap<>();
    private final GrammarState dead;
    private int ids = Frame.FIRST_ID;
    private int epoch;
    private long bytes;

    Automaton(Network network, long mostBytes) {
        this.network = network;
        this.mostBytes = mostBytes;
        this.dead = new GrammarState(-1, -1, new int[0], new Frame[0], false, false);
    }

    Network network() {
        return network;
    }

    /** What its tables take of the heap, about. */
    long heapBytes() {
        return bytes;
    }

    /** Notes what is kept with a state. */
    void kept(long more) {
        bytes += more;
    }

    GrammarState start() {
        return closure(new int[] {network.root()}, new Frame[] {Frame.ROOT}, 1);
    }

    /** One state of the network by itself: what lies behind its rule is unknown. */
    GrammarState alone(int state) {
        return closure(new int[] {state}, new Frame[] {Frame.UNKNOWN}, 1);
    }

    /** The same state, in the tables as they are now: hold on to this one. */
    GrammarState current(GrammarState state) {
        return state.epoch == epoch || state == dead ? state : like(state);
    }

    /** A state of equal contents, from wherever, in these tables. */
    GrammarState like(GrammarState state) {
        return closure(state.states, state.frames, state.states.length, state.ends, state.leaves);
    }

    private void forget() {
        frames.clear();
        states.clear();
        bytes = 0;
        epoch++;
    }

    /** Where this byte leads; {@link GrammarState#isDead} if it is not allowed. */
    GrammarState next(GrammarState from, int oneByte) {
        int c = network.classOf()[oneByte];
        GrammarState[] known = from.next;
        if (known == null) {
            known = from.next = new GrammarState[network.classes()];
            bytes += 16 + 4L * known.length;
        }
        GrammarState to = known[c];
        if (to != null) return to;
        int[] states = new int[from.states.length];
        Frame[] frames = new Frame[states.length];
        int n = 0;
        for (int i = 0; i < from.states.length; i++) {
            int target = network.step(from.states[i], c);
            if (target < 0) continue;
            states[n] = target;
            frames[n++] = from.frames[i];
        }
        to = n == 0 ? dead : closure(states, frames, n);
        known[c] = to;
        return to;
    }

    private GrammarState closure(int[] states, Frame[] frames, int count) {
        return closure(states, frames, count, false, false);
    }

    private GrammarState closure(int[] states, Frame[] frames, int count, boolean ends, boolean leaves) {
        if (bytes > mostBytes) forget(); // states that somebody holds go on; they find their like anew
        Closure closure = new Closure(ends, leaves);
        for (int i = 0; i < count; i++) closure.add(states[i], frames[i]);
        closure.run();
        return closure.state();
    }

    private record Item(int state, Frame frame) {}

    /** Everything that can be meant at one point of the text. */
    private final class Closure {
        private final List<Item> items = new ArrayList<>();
        private final Set<Long> seen = new HashSet<>();
        private final Map<Integer, Frame> opened = new HashMap<>(); // by start of the rule
        private boolean ends;
        private boolean leaves;

        Closure(boolean ends, boolean leaves) {
            this.ends = ends;
            this.leaves = leaves;
        }

        void add(int state, Frame frame) {
            if (seen.add((long) frame.id << 32 | state)) items.add(new Item(state, frame));
        }

        void run() {
            for (int i = 0; i < items.size(); i++) {
                if (i > MOST_READINGS) {
                    throw new GrammarException("grammar: the text so far has more than " + MOST_READINGS
                            + " readings: make it less doubtful");
                }
                Item item = items.get(i);
                int[] calls = network.calls()[item.state];
                for (int c = 0; c < calls.length; c += 2) call(calls[c], calls[c + 1], item.frame);
                if (network.ends()[item.state]) end(item.frame);
            }
        }

        private void call(int start, int behind, Frame frame) {
            Frame callee = opened.get(start);
            if (callee == null) {
                callee = new Frame(ids++);
                callee.open = true;
                opened.put(start, callee);
                add(start, callee);
            }
            callee.add(behind, frame);
            if (callee.ended) add(behind, frame);
        }

        private void end(Frame frame) {
            if (frame == Frame.ROOT) ends = true;
            if (frame == Frame.UNKNOWN) leaves = true;
            if (frame.open) frame.ended = true;
            for (int i = 0; i < frame.count; i++) add(frame.states[i], frame.frames[i]);
        }

        GrammarState state() {
            List<Item> kept = new ArrayList<>();
            Set<Long> once = new HashSet<>();
            for (Item item : items) {
                if (network.bytes()[item.state].length == 0) continue;
                Frame frame = made(item.frame);
                if (once.add((long) frame.id << 32 | item.state)) kept.add(new Item(item.state, frame));
            }
            kept.sort(Comparator.comparingInt(Item::state).thenComparingInt(i -> i.frame.id));
            List<Object> key = new ArrayList<>(2 * kept.size() + 1);
            key.add((ends ? 1 : 0) + (leaves ? 2 : 0));
            for (Item item : kept) {
                key.add(item.state);
                key.add(item.frame.id);
            }
            return states.computeIfAbsent(key, _ -> {
                int[] of = kept.stream().mapToInt(Item::state).toArray();
                Frame[] behind = kept.stream().map(Item::frame).toArray(Frame[]::new);
                GrammarState made = new GrammarState(ids++, epoch, of, behind, ends, leaves);
                bytes += made.heapBytes() + 64 + 24L * key.size();
                return made;
            });
        }
    }

    /** The frame that an open one comes to. No rule begins with itself, so this ends. */
    private Frame made(Frame frame) {
        if (!frame.open) return frame;
        if (frame.made != null) return frame.made;
        Frame whole = new Frame(ids++);
        for (int i = 0; i < frame.count; i++) {
            Frame behind = made(frame.frames[i]);
            if (network.isLast(frame.states[i]) && !behind.isBottom()) {
                // what is called last goes back to where its caller would
                for (int k = 0; k < behind.count; k++) whole.add(behind.states[k], behind.frames[k]);
            } else {
                whole.add(frame.states[i], behind);
            }
        }
        frame.made = kept(whole);
        return frame.made;
    }

    private Frame kept(Frame frame) {
        Integer[] order = new Integer[frame.count];
        Arrays.setAll(order, i -> i);
        Arrays.sort(
                order,
                Comparator.<Integer>comparingInt(i -> frame.states[i]).thenComparingInt(i -> frame.frames[i].id));
        List<Object> key = new ArrayList<>(2 * frame.count);
        for (int i : order) {
            key.add(frame.states[i]);
            key.add(frame.frames[i].id);
        }
        return frames.computeIfAbsent(key, _ -> {
            bytes += frame.heapBytes() + 64 + 24L * key.size();
            return frame;
        });
    }
}
