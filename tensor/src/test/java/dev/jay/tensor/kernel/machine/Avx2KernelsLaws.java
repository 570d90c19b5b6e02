// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.kernel.KernelProvider;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.MatMulKernel;

/** The laws of machine code over the AVX2 kernels, with AVX-VNNI if the CPU has it. */
class Avx2KernelsLaws extends MachineKernelsLaws {
    @Override
    KernelProvider provider() {
        return KernelProviders.ALL.make("avx2");
    }

    @Override
    long packed(MatMulKernel kernel, int n, int cols) {
        return kernel.form().bytes(n, cols);
    }
}
