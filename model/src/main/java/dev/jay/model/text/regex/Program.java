// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.regex;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** An expression as instructions of {@link #SIZE} numbers each: what to do, and up to three operands. */
final class Program {
    static final int SIZE = 4;

    static final int ACCEPT = 0;
    /** One character of set a. */
    static final int ONE = 1;
    /** As many characters of set a as there are, from b to c of them; gives them back one by one. */
    static final int RUN = 2;
    /** The same, and gives none back. */
    static final int RUN_KEPT = 3;
    /** Goes to a, and if that fails to b. */
    static final int SPLIT = 4;

    static final int JUMP = 5;
    /** Whether place a is here. */
    static final int PLACE = 6;
    /** What follows, up to its ACCEPT, must match (a = 0) or not (1) ahead; then goes to b. */
    static final int AHEAD = 7;
    /** The same, ending here and beginning c characters before. */
    static final int BEHIND = 8;
    /** What follows, up to its ACCEPT, matched once; then goes to b. */
    static final int ATOMIC = 9;
    /** Remembers the place in register a. */
    static final int MARK = 10;
    /** Fails if the place is still that of register a: the loop went round for nothing. */
    static final int MOVED = 11;

    private static final int MOST = 20_000;

    private final String source;
    private int[] code = new int[64 * SIZE];
    private int length;
    private final List<CharClass> sets = new ArrayList<>();
    private int registers;

    private Program(String source) {
        this.source = source;
    }

    static Program compile(String source) {
        Program program = new Program(source);
        program.write(Parser.parse(source));
        program.emit(ACCEPT, 0, 0, 0);
        return program;
    }

    int[] code() {
        return code;
    }

    CharClass set(int number) {
        return sets.get(number);
    }

    int registers() {
        return registers;
    }

    String source() {
        return source;
    }

    private int emit(int op, int a, int b, int c) {
        if (length / SIZE == MOST) throw new RegexException(source, 0, "longer than " + MOST + " instructions");
        if (length == code.length) code = Arrays.copyOf(code, 2 * length);
        int at = length;
        code[at] = op;
        code[at + 1] = a;
        code[at + 2] = b;
        code[at + 3] = c;
        length += SIZE;
        return at;
    }

    private int set(CharClass set) {
        sets.add(set);
        return sets.size() - 1;
    }

    private void write(Node node) {
        switch (node) {
            case Node.One one -> emit(ONE, set(one.set()), 0, 0);
            case Node.Sequence sequence -> sequence.parts().forEach(this::write);
            case Node.Choice choice -> choice(choice.parts());
            case Node.Repeat repeat -> repeat(repeat);
            case Node.Atomic atomic -> atomic(atomic.part());
            case Node.Look look -> look(look);
            case Node.At at -> emit(PLACE, at.place().ordinal(), 0, 0);
        }
    }

    private void choice(List<Node> parts) {
        List<Integer> ends = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            boolean last = i == parts.size() - 1;
            int split = last ? -1 : emit(SPLIT, length + SIZE, 0, 0);
            write(parts.get(i));
            if (last) continue;
            ends.add(emit(JUMP, 0, 0, 0));
            code[split + 2] = length;
        }
        for (int end : ends) code[end + 1] = length;
    }

    private void repeat(Node.Repeat repeat) {
        if (repeat.part() instanceof Node.One one && !repeat.lazy()) {
            emit(RUN, set(one.set()), repeat.least(), repeat.most());
            return;
        }
        for (int i = 0; i < repeat.least(); i++) write(repeat.part());
        if (repeat.most() < 0) {
            endless(repeat);
            return;
        }
        List<Integer> splits = new ArrayList<>();
        for (int i = repeat.least(); i < repeat.most(); i++) {
            splits.add(split(repeat.lazy()));
            write(repeat.part());
        }
        for (int split : splits) leave(split, repeat.lazy());
    }

    private void endless(Node.Repeat repeat) {
        int register = Node.mayBeEmpty(repeat.part()) ? registers++ : -1;
        int split = split(repeat.lazy());
        if (register >= 0) emit(MARK, register, 0, 0);
        write(repeat.part());
        if (register >= 0) emit(MOVED, register, 0, 0);
        emit(JUMP, split, 0, 0);
        leave(split, repeat.lazy());
    }

    /** Goes on with what follows, or leaves; {@link #leave} says where to. */
    private int split(boolean lazy) {
        int at = emit(SPLIT, 0, 0, 0);
        code[at + (lazy ? 2 : 1)] = at + SIZE;
        return at;
    }

    private void leave(int split, boolean lazy) {
        code[split + (lazy ? 1 : 2)] = length;
    }

    private void atomic(Node part) {
        if (part instanceof Node.Repeat repeat && repeat.part() instanceof Node.One one && !repeat.lazy()) {
            emit(RUN_KEPT, set(one.set()), repeat.least(), repeat.most());
            return;
        }
        inner(ATOMIC, 0, part, 0);
    }

    private void inner(int op, int negated, Node part, int width) {
        int at = emit(op, negated, 0, width);
        write(part);
        emit(ACCEPT, 0, 0, 0);
        code[at + 2] = length;
    }

    /** Looking behind for several things of different lengths is looking for each. */
    private void look(Node.Look look) {
        int negated = look.negated() ? 1 : 0;
        if (!look.behind()) {
            inner(AHEAD, negated, look.part(), 0);
        } else if (Node.width(look.part()) >= 0) {
            inner(BEHIND, negated, look.part(), Node.width(look.part()));
        } else {
            List<Node> each = new ArrayList<>();
            for (Node one : ((Node.Choice) look.part()).parts()) each.add(new Node.Look(one, true, look.negated()));
            write(look.negated() ? new Node.Sequence(each) : new Node.Choice(each));
        }
    }
}
