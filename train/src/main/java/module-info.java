// SPDX-License-Identifier: Apache-2.0
/** Training: gradients block by block, optimisers, schedules. Nobody who only serves loads it. */
module dev.jay.train {
    requires transitive dev.jay.model;
    requires transitive dev.jay.tensor;
    requires tools.jackson.databind;
    requires xchart;

    exports dev.jay.train;
    exports dev.jay.train.block;
    exports dev.jay.train.data;
    exports dev.jay.train.optimize;
    exports dev.jay.train.report;
    exports dev.jay.train.skill;
}
