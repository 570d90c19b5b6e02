// SPDX-License-Identifier: Apache-2.0
/** Measurements: kernels, models, load. Nobody depends on it. */
module dev.jay.bench {
    requires dev.jay.engine;
}
