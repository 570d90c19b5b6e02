// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.block;

import static dev.jay.tensor.memory.Scratch.sizeOf;

import dev.jay.model.Block;
import dev.jay.model.Experts;
import dev.jay.model.ModelSpec;
import dev.jay.model.Pass;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Ops;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * f(x) = the sum of what the experts of a token give, each a gated MLP, by their weights; and a shared expert's, weighed
 * by a gate of its own. The tokens of a pass that go to one expert are multiplied together. Experts are taken in order, so
 * a token's sum does not depend on others. Adapters reach the shared expert only.
 */
public final class ExpertsBlock implements Block {
    /**
     * The matrices of all experts.
     *
     * @param turning those of them that are turned to an expert before it runs
     * @param gateUp  two parts, each [hidden]
     */
    public record Bank(List<ExpertMatrix> turning, Linear gateUp, Linear down) {}

    /**
     * The expert of every token.
     *
     * @param weight one output: through a sigmoid it is what the answer is multiplied with
     * @param gateUp two parts, each [sharedHidden]
     */
    public record Shared(Linear weight, Linear gateUp, Linear down) {}

    private final Ops ops;
    private final ModelSpec spec;
    private final Residual residual;
    private final Linear router;
    private final Bank bank;
    private final Shared shared;
    private final Routing routing;

    /** @param shared null for none */
    public ExpertsBlock(Ops ops, ModelSpec spec, Residual residual, Linear router, Bank bank, Shared shared) {
        this.ops = ops;
        this.spec = spec;
        this.residual = residual;
        this.router = router;
        this.bank = bank;
        this.shared = shared;
        this.routing = new Routing(spec.experts());
    }

    @Override
    public void run(Pass pass, MemorySegment x) {
        Experts experts = spec.experts();
        int n = pass.rows();
        long mark = pass.scratch().mark();
        try {
            MemorySegment in = pass.floats(spec.dim());
            MemorySegment sum = pass.floats(spec.dim());
            MemorySegment logits = pass.floats(experts.count());
            residual.enter(x, in, n);
            router.run(pass, in, logits);
            routing.route(logits, n);
            sum.fill((byte) 0);
            for (int e = 0; e < experts.count(); e++) {
                if (routing.count(e) > 0) expert(pass, e, in, sum);
            }
            if (shared != null) shared(pass, in, sum);
            residual.leave(x, sum, n);
        } finally {
            pass.scratch().release(mark);
        }
    }

    private void expert(Pass pass, int expert, MemorySegment in, MemorySegment sum) {
        int n = routing.count(expert);
        long rowBytes = 4L * spec.dim();
        long mark = pass.scratch().mark();
        MemorySegment own = pass.scratch().floats((long) n * spec.dim());
        MemorySegment gate = pass.scratch().floats((long) n * spec.experts().hidden());
        MemorySegment up = pass.scratch().floats((long) n * spec.experts().hidden());
        for (int i = 0; i < n; i++) {
            MemorySegment.copy(in, routing.row(expert, i) * rowBytes, own, i * rowBytes, rowBytes);
        }
        for (ExpertMatrix matrix : bank.turning()) matrix.turnTo(expert);
        multiply(bank.gateUp(), pass, own, n, gate, up);
        ops.swiGlu(gate, up, (long) n * spec.experts().hidden());
        multiply(bank.down(), pass, gate, n, own); // what went in is no longer needed
        for (int i = 0; i < n; i++) {
            MemorySegment row = own.asSlice(i * rowBytes, rowBytes);
            ops.scale(row, routing.weight(expert, i), spec.dim());
            ops.add(sum.asSlice(routing.row(expert, i) * rowBytes, rowBytes), row, spec.dim());
        }
        pass.scratch().release(mark);
    }

    private static void multiply(Linear linear, Pass pass, MemorySegment x, int n, MemorySegment... y) {
        long mark = pass.scratch().mark();
        linear.multiply(pass, x, n, y);
        pass.scratch().release(mark);
    }

    private void shared(Pass pass, MemorySegment in, MemorySegment sum) {
        int n = pass.rows();
        int hidden = spec.experts().sharedHidden();
        long rowBytes = 4L * spec.dim();
        long mark = pass.scratch().mark();
        MemorySegment weight = pass.floats(1);
        MemorySegment y = pass.floats(spec.dim());
        MemorySegment gate = pass.floats(hidden);
        MemorySegment up = pass.floats(hidden);
        shared.weight().run(pass, in, weight);
        shared.gateUp().run(pass, in, gate, up);
        ops.swiGlu(gate, up, (long) n * hidden);
        shared.down().run(pass, gate, y);
        for (int i = 0; i < n; i++) {
            float by = (float) (1 / (1 + StrictMath.exp(-Floats.get(weight, i))));
            ops.scale(y.asSlice(i * rowBytes, rowBytes), by, spec.dim());
        }
        ops.add(sum, y, (long) n * spec.dim());
        pass.scratch().release(mark);
    }

    /** Where all tokens of a pass go to one expert. */
    @Override
    public long scratchBytes(int n) {
        long rows =
                2 * sizeOf(4L * n * spec.dim()) + sizeOf(4L * n * spec.experts().count());
        long own =
                sizeOf(4L * n * spec.dim()) + 2 * sizeOf(4L * n * spec.experts().hidden());
        long each = own + Math.max(bank.gateUp().scratchBytes(n), bank.down().scratchBytes(n));
        return rows + Math.max(router.scratchBytes(n), Math.max(each, sharedBytes(n)));
    }

    private long sharedBytes(int n) {
        if (shared == null) return 0;
        long rows = sizeOf(4L * n)
                + sizeOf(4L * n * spec.dim())
                + 2 * sizeOf(4L * n * spec.experts().sharedHidden());
        long products = Math.max(shared.gateUp().scratchBytes(n), shared.down().scratchBytes(n));
        return rows + Math.max(shared.weight().scratchBytes(n), products);
    }
}
