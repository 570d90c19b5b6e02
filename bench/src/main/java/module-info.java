// SPDX-License-Identifier: Apache-2.0
/** Measurements: kernels, models, load. Nobody depends on it. */
module dev.jay.bench {
    requires dev.jay.engine;
    requires dev.jay.tensor;
    requires info.picocli;
    requires jdk.incubator.vector;

    opens dev.jay.bench to
            info.picocli;
}
