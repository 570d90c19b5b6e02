// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

/** Decodes groups of coded rows into rows of one weight format, for kernels that read such. A leaf over raw addresses. */
public interface UnpackKernel {
    /** Bytes of working space for one call. */
    long scratchBytes();

    /**
     * Decodes groups that lie one after the other to rows that do, at {@code to}.
     *
     * @param groups address of the first
     * @param count  how many, at least 1
     * @param next   address of groups that may be asked for next, to be fetched meanwhile; any address will do
     */
    void run(long groups, int count, long next, long to, long scratch);
}
