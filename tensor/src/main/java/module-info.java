// SPDX-License-Identifier: Apache-2.0
/** Bytes, formats and arithmetic. The only module that calls restricted methods. */
module dev.jay.tensor {
    requires static jdk.incubator.vector;

    exports dev.jay.tensor;
    exports dev.jay.tensor.memory;
    exports dev.jay.tensor.format;
    exports dev.jay.tensor.kernel;
}
