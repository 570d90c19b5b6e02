// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** exp as a polynomial: the API's own is a library of one platform, and a loop elsewhere. */
final class VectorMath {
    private static final float LOG2_E = 1.44269504f;
    private static final float LN2_HIGH = 0.693145752f; // few bits, so that n times it is exact
    private static final float LN2_LOW = 1.42860677e-6f;
    private static final float ROUND = 12582912f; // 1.5 * 2^23: adding it leaves the whole number in the low bits
    private static final float LEAST = -86f; // below, steps on the way would be subnormal: 0
    private static final float MOST = 88.72283f;

    private VectorMath() {}

    /** Within 2e-7 of exp, relatively; 0 below {@link #LEAST} (where exp is 4e-38), infinity above {@link #MOST}, NaN of NaN. */
    static FloatVector exp(FloatVector x) {
        FloatVector shifted = x.fma(Lanes.all(LOG2_E), Lanes.all(ROUND));
        FloatVector n = shifted.sub(ROUND);
        FloatVector r = n.fma(Lanes.all(-LN2_LOW), n.fma(Lanes.all(-LN2_HIGH), x));
        FloatVector p = Lanes.all(1.9875691e-4f);
        p = p.fma(r, Lanes.all(1.3981999e-3f));
        p = p.fma(r, Lanes.all(8.3334519e-3f));
        p = p.fma(r, Lanes.all(4.1665796e-2f));
        p = p.fma(r, Lanes.all(1.6666666e-1f));
        p = p.fma(r, Lanes.all(0.5f));
        p = p.fma(r.mul(r), r).add(1f);
        IntVector power =
                shifted.reinterpretAsInts().sub(1).lanewise(VectorOperators.LSHL, 23); // 2^(n-1): 2^128 is none
        FloatVector e = p.reinterpretAsInts().add(power).reinterpretAsFloats().mul(2f);
        e = e.blend(0f, x.compare(VectorOperators.LT, LEAST));
        e = e.blend(Float.POSITIVE_INFINITY, x.compare(VectorOperators.GT, MOST));
        return e.blend(x, x.test(VectorOperators.IS_NAN));
    }

    /** One value, by the same arithmetic. */
    static float exp(float x) {
        return exp(Lanes.all(x)).lane(0);
    }
}
