// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kernel;

import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.Floats;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * The small operations between products, over rows that lie in the second-level cache, of a plain read of the bytes they
 * read and write.
 */
final class RowOperations implements Measurement {
    private static final int ROWS = 32;
    private static final int DIM = 2048;
    private static final int HEAD = 64;
    private static final int COUNT = ROWS * DIM;
    private static final long EACH = (long) COUNT * Float.BYTES;

    /** Does it once, to x, y and a gain or table. */
    private interface Operation {
        void run(Bed bed, Team team, MemorySegment x, MemorySegment y, MemorySegment by);
    }

    static final Catalog.Entry<Measurement> NORM = entry(
            "norm",
            "root mean square norm",
            ROWS + "x" + DIM,
            2 * EACH,
            (bed, team, x, y, by) -> team.ops().rmsNorm(x, by, 1e-5f, y, ROWS, DIM));
    static final Catalog.Entry<Measurement> ROPE = entry(
            "rope",
            "rotation of positions",
            ROWS + "x" + DIM / HEAD + "x" + HEAD,
            2 * EACH,
            (bed, team, x, y, by) -> team.ops().rotate(x, ROWS, DIM / HEAD, HEAD, HEAD, by, false));
    static final Catalog.Entry<Measurement> SWIGLU = entry(
            "swiglu",
            "gate of the feed-forward block",
            ROWS + "x" + DIM,
            3 * EACH,
            (bed, team, x, y, by) -> team.ops().swiGlu(x, y, COUNT));
    static final Catalog.Entry<Measurement> SOFTMAX = entry(
            "softmax",
            "softmax of one row",
            "1x" + COUNT,
            2 * EACH,
            (bed, team, x, y, by) -> bed.kernels.rows().kernel().softmax(x.address(), 1, COUNT));
    static final Catalog.Entry<Measurement> ADD = entry(
            "add",
            "residual sum",
            ROWS + "x" + DIM,
            3 * EACH,
            (bed, team, x, y, by) -> team.ops().add(x, y, COUNT));
    static final Catalog.Entry<Measurement> ARGMAX = entry(
            "argmax",
            "the greatest logit",
            "1x" + COUNT,
            EACH,
            (bed, team, x, y, by) -> team.ops().argMax(x, COUNT));

    private final String name;
    private final String shape;
    private final long bytes;
    private final Operation operation;

    private RowOperations(String name, String shape, long bytes, Operation operation) {
        this.name = name;
        this.shape = shape;
        this.bytes = bytes;
        this.operation = operation;
    }

    private static Catalog.Entry<Measurement> entry(
            String name, String summary, String shape, long bytes, Operation operation) {
        return new Catalog.Entry<>(
                name,
                summary + ", of a plain read of what it touches",
                a -> new RowOperations(name, shape, bytes, operation));
    }

    /** Values that neither vanish nor overflow however often an operation is done to them in place; real rotations. */
    private static void settle(MemorySegment x, MemorySegment y, MemorySegment by) {
        for (int i = 0; i < COUNT; i++) {
            Floats.set(x, i, -Math.abs(Floats.get(x, i)));
            Floats.set(y, i, 2);
            Floats.set(by, i, (float) (i % 2 == 0 ? Math.cos(i) : Math.sin(i - 1)));
        }
    }

    @Override
    public void run(Bed bed) {
        for (Team team : bed.teams) {
            long mark = bed.scratch.mark();
            MemorySegment x = bed.random(COUNT);
            MemorySegment y = bed.scratch.floats(COUNT);
            MemorySegment by = bed.scratch.floats(COUNT);
            settle(x, y, by);
            bed.measure(
                    Bed.row(name, "f32", bed.kernels.rows().provider(), "l2", shape, team, bytes, "GB/s"),
                    bytes / 1e9,
                    () -> operation.run(bed, team, x, y, by),
                    Optional.of(team.limits().cache(bed.bytes())));
            bed.scratch.release(mark);
        }
    }
}
