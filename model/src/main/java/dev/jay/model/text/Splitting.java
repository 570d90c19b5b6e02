// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.MalformedModelException;

/** Cuts every piece where something is found, and says what becomes of what was found. */
final class Splitting implements PieceStep {
    /** What becomes of a part that was found. */
    enum Behavior {
        REMOVED,
        ISOLATED,
        MERGED_WITH_PREVIOUS,
        MERGED_WITH_NEXT,
        CONTIGUOUS;

        static Behavior of(PipelinePart part) {
            String name = part.text("behavior");
            return switch (name) {
                case "Removed" -> REMOVED;
                case "Isolated" -> ISOLATED;
                case "MergedWithPrevious" -> MERGED_WITH_PREVIOUS;
                case "MergedWithNext" -> MERGED_WITH_NEXT;
                case "Contiguous" -> CONTIGUOUS;
                default -> throw part.wrong("has an unknown behavior: " + MalformedModelException.shown(name));
            };
        }
    }

    /** What is looked for. */
    interface Pattern {
        /** Tells every part of {@code from .. to} in order, found or not; together they are all of it. */
        void find(byte[] text, int from, int to, Parts parts);
    }

    /** Takes parts of a text. */
    interface Parts {
        void part(int from, int to, boolean found);
    }

    /** Each single character of a class. */
    interface OneCharacter extends Pattern {
        boolean is(int c);

        @Override
        default void find(byte[] text, int from, int to, Parts parts) {
            int open = from;
            for (int i = from; i < to; ) {
                int next = i + Utf8.length(text[i]);
                if (is(Utf8.at(text, i))) {
                    if (open < i) parts.part(open, i, false);
                    parts.part(i, next, true);
                    open = next;
                }
                i = next;
            }
            if (open < to) parts.part(open, to, false);
        }
    }

    private final Pattern pattern;
    private final Behavior behavior;
    private final boolean inverted;

    Splitting(Pattern pattern, Behavior behavior, boolean inverted) {
        this.pattern = pattern;
        this.behavior = behavior;
        this.inverted = inverted;
    }

    @Override
    public Pieces apply(Pieces in) {
        Pieces out = in.recut();
        for (int i = 0; i < in.count(); i++) {
            Collector parts = new Collector(out);
            pattern.find(in.text(), in.from(i), in.to(i), parts);
            parts.flush();
        }
        return out;
    }

    /** One open piece, which the next part may still join. */
    private final class Collector implements Parts {
        private final Pieces out;
        private int from = -1;
        private int to;
        private boolean found;

        Collector(Pieces out) {
            this.out = out;
        }

        @Override
        public void part(int start, int end, boolean given) {
            boolean is = given != inverted;
            if (from < 0 || !joins(is)) {
                flush();
                if (behavior == Behavior.REMOVED && is) return;
                from = start;
            }
            to = end;
            found = is;
        }

        /** Whether a part belongs to the open piece, whose last part was {@code found} or not. */
        private boolean joins(boolean is) {
            return switch (behavior) {
                case REMOVED, ISOLATED -> false;
                case CONTIGUOUS -> is == found;
                case MERGED_WITH_PREVIOUS -> is && !found;
                case MERGED_WITH_NEXT -> !is && found;
            };
        }

        void flush() {
            if (from >= 0) out.add(from, to);
            from = -1;
        }
    }
}
