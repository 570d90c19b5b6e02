// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

/** What training does between products, on dense f32 rows at raw addresses. Leaves: one thread, no allocation. */
public interface GradientKernels {
    /** The sum of x[i]^2. */
    double squares(long x, int count);

    /** x[r] = softmax(x[r] * scale) of the first + r + 1 values of {@code dim} that row r sees, and zeros behind. */
    void causalSoftmax(long x, float scale, int first, int rows, int dim);

    /**
     * The gradients of its outputs become those of its inputs: d[r] = weights[r] * (d[r] - weights[r] . d[r]) * scale,
     * and zeros behind what row r sees.
     */
    void causalSoftmaxGradient(long weights, long d, float scale, int first, int rows, int dim);

    /** Of silu(gate) * up: d becomes the gradient of gate, dUp that of up. */
    void swiGlu(long gate, long up, long d, long dUp, long count);

    /** Of x * r * gain, r = 1 / sqrt(mean(x^2) + eps), one row: adds to dx, and to that of the gain. */
    void rmsNorm(long x, long gain, float eps, long dy, long dx, long dGain, int dim);

    /**
     * Logits of one row become their gradients, (softmax(x) - [is target]) * weight.
     *
     * @return -log(softmax(x)[target])
     */
    float crossEntropy(long x, int target, float weight, int count);

    /**
     * A log-sum-exp goes on over more values: of (greatest, sum of exp(x - greatest)) at {@code sums}, which begins as
     * (-infinity, 0).
     */
    void logSum(long x, long sums, int count);

    /**
     * x = weight * exp(x - logSum): of a softmax as much as is here.
     *
     * @return the greatest of them
     */
    float softmaxPart(long x, float logSum, float weight, int count);

    /**
     * Adam: m and v move towards scale * g and its square; w = w * keep - rate * m' / (sqrt(v') + eps), where m' and v'
     * are corrected for their beginning at zero.
     */
    void adam(long w, long g, long m, long v, Adam by, int count);

    /** sums[i] += x[i]^2. */
    void addSquares(long sums, long x, int count);

    /** w = w * keep - step * g. */
    void descend(long w, long g, float step, float keep, int count);

    /** w[i] = w[i] * keep - steps[i] * g[i]. */
    void descendEach(long w, long g, long steps, float keep, int count);

    /**
     * One step's numbers.
     *
     * @param scale    of the gradient
     * @param correct1 1 / (1 - beta1^step), and so 2
     * @param keep     what is left of a weight after its decay
     */
    record Adam(
            float scale, float beta1, float beta2, float correct1, float correct2, float eps, float keep, float rate) {}
}
