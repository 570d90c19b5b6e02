// SPDX-License-Identifier: Apache-2.0
/** Bytes, formats and arithmetic. The only module that calls restricted methods. */
@SuppressWarnings("module") // bench, which is not there yet when this is compiled
module dev.jay.tensor {
    requires static jdk.incubator.vector;
    requires static jdk.unsupported; // direct reads of files

    exports dev.jay.tensor;
    exports dev.jay.tensor.memory;
    exports dev.jay.tensor.format;
    exports dev.jay.tensor.kernel;
    // The bench assembles loops of its own.
    exports dev.jay.tensor.asm to
            dev.jay.bench;
    exports dev.jay.tensor.asm.x86 to
            dev.jay.bench;
}
