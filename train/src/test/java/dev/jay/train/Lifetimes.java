// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.GradientOps;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.kernel.Precision;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * When each line of 64 bytes holds a value that is still wanted: from the operation that writes it, or the first that
 * reads it, to the last one that reads it before it is written anew. Watches every operation of one worker, and takes a
 * loop over heads for one; values are to begin at lines. What is filled or copied without an operation counts from its
 * first use on, so never too long.
 */
final class Lifetimes {
    private static final int LINE = 64;

    /** Values that live and die together and lie side by side. */
    record Tensor(int born, int last, long bytes) {}

    private final List<MemorySegment> others; // not watched
    private final Map<Long, int[]> alive = new HashMap<>(); // line: born, last
    private final Map<Long, List<Long>> ended = new TreeMap<>(); // born and last: lines
    private int now;
    private boolean within; // a loop whose turns are one operation

    /** @param others whose bytes are no values of a pass */
    Lifetimes(List<MemorySegment> others) {
        this.others = others;
    }

    Ops watched(Ops ops) {
        return (Ops) proxy(Ops.class, (p, method, args) -> {
            if (method.getName().equals("forEach")) {
                next();
                within = true;
            }
            Object result = call(method, ops, args);
            within &= !method.getName().equals("forEach");
            switch (method.getName()) {
                case "gemm" -> {
                    Gemm gemm = ops.gemm((Precision) args[0]);
                    return proxy(Gemm.class, (q, m, a) -> {
                        if (m.getName().equals("run")) product(a);
                        return call(m, gemm, a);
                    });
                }
                case "gradients" -> {
                    GradientOps gradients = ops.gradients();
                    return proxy(GradientOps.class, (q, m, a) -> {
                        gradient(m.getName(), a);
                        return call(m, gradients, a);
                    });
                }
                case "ofWorker" -> {
                    return watched((Ops) result);
                }
                default -> operation(method.getName(), args == null ? new Object[0] : args);
            }
            return result;
        });
    }

    private void next() {
        if (!within) now++;
    }

    private static Object proxy(Class<?> type, InvocationHandler handler) {
        return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler);
    }

    private static Object call(java.lang.reflect.Method method, Object on, Object[] args) throws Throwable {
        try {
            return method.invoke(on, args);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private void product(Object[] a) {
        next();
        int m = (int) a[0];
        int n = (int) a[1];
        int k = (int) a[2];
        factor((Gemm.Factor) a[3], m, k);
        factor((Gemm.Factor) a[4], k, n);
        boolean add = (boolean) a[7];
        for (int i = 0; i < m; i++) touch((MemorySegment) a[5], i * (long) a[6], n, add);
    }

    private void factor(Gemm.Factor f, int rows, int cols) {
        int lines = f.transposed() ? cols : rows;
        for (int i = 0; i < lines; i++) reads(f.values(), i * f.stride(), f.transposed() ? rows : cols);
    }

    private void operation(String name, Object[] a) {
        next();
        switch (name) {
            case "rmsNorm" -> {
                reads(a[0], 0, count(a[4], a[5]));
                touch((MemorySegment) a[3], 0, count(a[4], a[5]), false);
            }
            case "rotate" -> touch((MemorySegment) a[0], 0, count(a[1], a[2]) * (int) a[3], true);
            case "swiGlu" -> {
                reads(a[1], 0, (long) a[3]);
                reads(a[2], 0, (long) a[3]);
                touch((MemorySegment) a[0], 0, (long) a[3], false);
            }
            case "add" -> {
                reads(a[1], 0, (long) a[2]);
                touch((MemorySegment) a[0], 0, (long) a[2], true);
            }
            case "copy" -> {
                reads(a[1], 0, (long) a[2]);
                touch((MemorySegment) a[0], 0, (long) a[2], false);
            }
            default -> refuseIfItHasValues(name, a);
        }
    }

    private void gradient(String name, Object[] a) {
        next();
        switch (name) {
            case "causalSoftmax" -> touch((MemorySegment) a[0], 0, count(a[3], a[4]), true);
            case "causalSoftmaxGradient" -> {
                reads(a[0], 0, count(a[4], a[5]));
                touch((MemorySegment) a[1], 0, count(a[4], a[5]), true);
            }
            case "swiGluGradient" -> {
                reads(a[0], 0, (long) a[4]);
                reads(a[1], 0, (long) a[4]);
                touch((MemorySegment) a[2], 0, (long) a[4], true);
                touch((MemorySegment) a[3], 0, (long) a[4], false);
            }
            case "rmsNormGradient" -> {
                reads(a[0], 0, count(a[7], a[8]));
                reads(a[3], 0, count(a[7], a[8]));
                touch((MemorySegment) a[4], 0, count(a[7], a[8]), true);
                touch((MemorySegment) a[6], 0, ((MemorySegment) a[6]).byteSize() / 4, false);
            }
            case "crossEntropy" -> {
                touch((MemorySegment) a[0], 0, count(a[5], a[6]), true);
                touch((MemorySegment) a[3], 0, (int) a[5], false);
            }
            default -> refuseIfItHasValues(name, a);
        }
    }

    private static void refuseIfItHasValues(String name, Object[] args) {
        for (Object arg : args) {
            if (arg instanceof MemorySegment) throw new IllegalStateException("an operation not watched: " + name);
        }
    }

    private static long count(Object rows, Object cols) {
        return (long) (int) rows * (int) cols;
    }

    private void reads(Object s, long from, long count) {
        touch((MemorySegment) s, from, count, true);
    }

    /** @param wanted what was there before */
    private void touch(MemorySegment s, long from, long count, boolean wanted) {
        long first = s.address() + 4 * from;
        for (MemorySegment other : others) {
            if (first >= other.address() && first < other.address() + other.byteSize()) return;
        }
        for (long line = first / LINE; line * LINE < first + 4 * count; line++) {
            int[] value = alive.get(line);
            boolean ends = value != null && !wanted && value[1] < now;
            if (ends) end(line, value);
            if (value == null || ends) alive.put(line, new int[] {now, now});
            else value[1] = now;
        }
    }

    private void end(long line, int[] value) {
        ended.computeIfAbsent((long) value[0] << 32 | value[1], k -> new ArrayList<>())
                .add(line);
    }

    /** Of all operations so far, in the order in which they are born. */
    List<Tensor> tensors() {
        alive.forEach(this::end);
        alive.clear();
        List<Tensor> all = new ArrayList<>();
        ended.forEach((both, lines) -> {
            lines.sort(Comparator.naturalOrder());
            int from = 0;
            for (int i = 1; i <= lines.size(); i++) {
                if (i < lines.size() && lines.get(i) == lines.get(i - 1) + 1) continue;
                all.add(new Tensor((int) (both >> 32), (int) (long) both, (long) LINE * (i - from)));
                from = i;
            }
        });
        return all;
    }

    /** The most bytes that are wanted at once: no plan takes fewer. */
    static long mostAlive(List<Tensor> tensors) {
        TreeMap<Integer, Long> changes = new TreeMap<>();
        for (Tensor t : tensors) {
            changes.merge(t.born, t.bytes, Long::sum);
            changes.merge(t.last + 1, -t.bytes, Long::sum);
        }
        long most = 0;
        long bytes = 0;
        for (long change : changes.values()) {
            bytes += change;
            most = Math.max(most, bytes);
        }
        return most;
    }

    /** Where an allocator ends that gives each tensor, as it is born, the lowest gap that is long enough. */
    static long firstFit(List<Tensor> tensors) {
        TreeMap<Long, Tensor> placed = new TreeMap<>(); // by address
        long most = 0;
        for (Tensor t : tensors) {
            placed.values().removeIf(other -> other.last < t.born);
            long at = 0;
            for (var entry : placed.entrySet()) {
                if (entry.getKey() - at >= t.bytes) break;
                at = entry.getKey() + entry.getValue().bytes;
            }
            placed.put(at, t);
            most = Math.max(most, at + t.bytes);
        }
        return most;
    }
}
