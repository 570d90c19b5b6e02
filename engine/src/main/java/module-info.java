// SPDX-License-Identifier: Apache-2.0
/** Requests in, tokens out: the loop, its policies, and the Java API. */
module dev.jay.engine {
    requires transitive dev.jay.model;
    requires tools.jackson.databind;

    exports dev.jay.engine;
    exports dev.jay.engine.chat;
    exports dev.jay.engine.plan;
    exports dev.jay.engine.sample;
    exports dev.jay.engine.sample.grammar;
    exports dev.jay.engine.schedule;
}
