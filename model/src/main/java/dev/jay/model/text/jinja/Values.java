// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import java.util.AbstractList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The values that Java has no word for. The others are null (None), Boolean, Long, BigInteger (where a Long does not
 * do), Double, String, List and Map (dict). Lists and maps never change once made, so none can hold itself.
 */
final class Values {
    private Values() {}

    /** What a name or key that is not there stands for; an error as soon as more is asked of it than its absence. */
    record Undefined(String hint) {}

    /** @param names of the elements as attributes, where they have any */
    record Tuple(List<Object> items, List<String> names) {
        Tuple(List<Object> items) {
            this(items, List.of());
        }

        static Tuple of(Object... items) {
            return new Tuple(java.util.Collections.unmodifiableList(java.util.Arrays.asList(items)));
        }
    }

    /** {@code dict.items()} and its kind: has a length and can be run over, but has no places. */
    record View(String kind, List<Object> items) {}

    /** {@code range}. */
    static final class Range extends AbstractList<Object> {
        final long start;
        final long stop;
        final long step;
        private final int size;

        Range(Run run, long start, long stop, long step) {
            if (step == 0) throw run.error("range: step=0, allowed: any other");
            double count = Math.ceil(((double) stop - start) / step);
            if (count > run.limits.valueItems()) {
                throw run.over("range", "elements", (long) count, run.limits.valueItems());
            }
            this.start = start;
            this.stop = stop;
            this.step = step;
            this.size = (int) Math.max(0, count);
        }

        Range slice(Run run, long from, long to, long by) {
            return new Range(run, start + from * step, start + to * step, step * by);
        }

        @Override
        public Object get(int index) {
            return start + index * step;
        }

        @Override
        public int size() {
            return size;
        }
    }

    /** Elements made when first asked for, and then gone, as Python's generators. */
    static final class Generator {
        private Supplier<List<Object>> source;

        Generator(Supplier<List<Object>> source) {
            this.source = source;
        }

        List<Object> take() {
            Supplier<List<Object>> given = source;
            source = List::of;
            return given.get();
        }
    }

    /** {@code namespace}: the one thing that can change. */
    static final class Namespace {
        final Map<String, Object> attributes = new LinkedHashMap<>();
    }

    /** A macro, a method or a function. */
    interface Callable {
        Object call(Run run, Args args);

        /** For people: {@code macro 'x'}. */
        String describe();
    }

    /** A function of ours. */
    record Function(String describe, java.util.function.BiFunction<Run, Args, Object> body) implements Callable {
        @Override
        public Object call(Run run, Args args) {
            return body.apply(run, args);
        }
    }
}
