// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.regex;

import java.util.Arrays;

/** One search through one text; confined to one thread. */
public final class Search {
    /** Steps a byte; what real expressions need is below ten. */
    private static final int STEPS_A_BYTE = 200;

    private static final int MOST_PENDING = 3 << 20;
    private static final int ENTRY = 3;

    private final Program program;
    private final int[] code;
    private final byte[] text;
    private final int from;
    private final int to;
    private final int[] registers;
    /** What is to be tried if this fails: an instruction, a place, and a least place down to which to give back. */
    private int[] pending = new int[64 * ENTRY];

    private int top;
    private long steps;
    private int start;
    private int end;

    Search(Program program, byte[] text, int from, int to) {
        this.program = program;
        this.code = program.code();
        this.text = text;
        this.from = from;
        this.to = to;
        this.registers = new int[program.registers()];
        this.steps = 10_000 + (long) STEPS_A_BYTE * (to - from);
    }

    /**
     * The next match that begins at a place or behind it.
     *
     * @throws IllegalArgumentException if the search has taken more steps than this text may
     */
    public boolean find(int at) {
        for (int i = at; i <= to; i = i < to ? i + length(text[i]) : to + 1) {
            int found = run(0, i);
            if (found < 0) continue;
            start = i;
            end = found;
            return true;
        }
        return false;
    }

    /** The end of a match that begins at this place, or -1. */
    public int match(int at) {
        return run(0, at);
    }

    public int start() {
        return start;
    }

    public int end() {
        return end;
    }

    /** Where the program from an instruction on, begun at a place, accepts; or -1. */
    private int run(int instruction, int place) {
        int bottom = top;
        int pc = instruction;
        int at = place;
        while (true) {
            if (--steps < 0) throw tooMuch("steps");
            boolean ok = true;
            int a = code[pc + 1];
            switch (code[pc]) {
                case Program.ACCEPT -> {
                    top = bottom;
                    return at;
                }
                case Program.ONE -> {
                    ok = at < to && program.set(a).has(character(at));
                    if (ok) at += length(text[at]);
                }
                case Program.RUN, Program.RUN_KEPT -> {
                    int least = taken(program.set(a), code[pc + 2], at);
                    ok = least >= 0;
                    if (ok) {
                        at = most(program.set(a), code[pc + 3] - code[pc + 2], code[pc + 3] < 0, least);
                        if (at > least && code[pc] == Program.RUN) push(pc + Program.SIZE, at, least);
                    }
                }
                case Program.SPLIT -> {
                    push(code[pc + 2], at, at);
                    pc = a - Program.SIZE;
                }
                case Program.JUMP -> pc = a - Program.SIZE;
                case Program.PLACE -> ok = isAt(Node.Place.values()[a], at);
                case Program.AHEAD, Program.BEHIND -> {
                    int begin = code[pc] == Program.AHEAD ? at : back(at, code[pc + 3]);
                    ok = begin >= 0 && run(pc + Program.SIZE, begin) >= 0 != (a == 1) || begin < 0 && a == 1;
                    pc = code[pc + 2] - Program.SIZE;
                }
                case Program.ATOMIC -> {
                    int inner = run(pc + Program.SIZE, at);
                    ok = inner >= 0;
                    at = ok ? inner : at;
                    pc = code[pc + 2] - Program.SIZE;
                }
                case Program.MARK -> {
                    push(-1 - a, registers[a], 0);
                    registers[a] = at;
                }
                case Program.MOVED -> ok = registers[a] != at;
                default -> ok = false;
            }
            if (ok) {
                pc += Program.SIZE;
                continue;
            }
            int entry = resume(bottom);
            if (entry < 0) return -1;
            pc = pending[entry];
            at = pending[entry + 1];
        }
    }

    /** Takes up what is pending: the entry (still to be read), or -1. */
    private int resume(int bottom) {
        while (top > bottom) {
            int entry = top - ENTRY;
            int pc = pending[entry];
            if (pc < 0) {
                registers[-1 - pc] = pending[entry + 1];
                top = entry;
                continue;
            }
            if (pending[entry + 1] > pending[entry + 2]) {
                // a run gives one character back and stays, if it has more
                pending[entry + 1] = back(pending[entry + 1], 1);
                if (pending[entry + 1] == pending[entry + 2]) top = entry;
            } else {
                top = entry;
            }
            return entry;
        }
        return -1;
    }

    private void push(int pc, int at, int least) {
        if (top == pending.length) {
            if (top >= MOST_PENDING) throw tooMuch("memory");
            pending = Arrays.copyOf(pending, 2 * top);
        }
        pending[top] = pc;
        pending[top + 1] = at;
        pending[top + 2] = least;
        top += ENTRY;
    }

    /** Behind exactly so many characters of a set, or -1. */
    private int taken(CharClass set, int count, int place) {
        int at = place;
        for (int i = 0; i < count; i++) {
            if (--steps < 0) throw tooMuch("steps");
            if (at >= to || !set.has(character(at))) return -1;
            at += length(text[at]);
        }
        return at;
    }

    private int most(CharClass set, int count, boolean endless, int place) {
        int at = place;
        for (int i = 0; (endless || i < count) && at < to && set.has(character(at)); i++) {
            at += length(text[at]);
            if (--steps < 0) throw tooMuch("steps");
        }
        return at;
    }

    private IllegalArgumentException tooMuch(String what) {
        return new IllegalArgumentException("cutting the text: the tokenizer's regular expression "
                + RegexException.shown(program.source()) + " takes more " + what + " than a text of " + (to - from)
                + " bytes may");
    }

    /** So many characters before a place, or -1. */
    private int back(int place, int count) {
        int at = place;
        for (int i = 0; i < count; i++) {
            if (at <= from) return -1;
            at--;
            while (at > from && (text[at] & 0xC0) == 0x80) at--;
        }
        return at;
    }

    private boolean isAt(Node.Place place, int at) {
        return switch (place) {
            case TEXT_START -> at == from;
            case TEXT_END -> at == to;
            case LINE_START -> at == from || text[at - 1] == '\n';
            case LINE_END -> at == to || text[at] == '\n';
            case WORD_EDGE -> isWord(at) != isWord(back(at, 1));
            case NO_WORD_EDGE -> isWord(at) == isWord(back(at, 1));
        };
    }

    private boolean isWord(int at) {
        return at >= 0 && at < to && CharClass.WORD.has(character(at));
    }

    private static int length(byte lead) {
        int b = lead & 0xFF;
        return b < 0xC0 ? 1 : b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
    }

    private int character(int i) {
        int c = text[i];
        if (c >= 0) return c;
        return switch (length(text[i])) {
            case 2 -> (c & 0x1F) << 6 | text[i + 1] & 0x3F;
            case 3 -> (c & 0x0F) << 12 | (text[i + 1] & 0x3F) << 6 | text[i + 2] & 0x3F;
            default -> (c & 0x07) << 18 | (text[i + 1] & 0x3F) << 12 | (text[i + 2] & 0x3F) << 6 | text[i + 3] & 0x3F;
        };
    }
}
