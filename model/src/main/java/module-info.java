// SPDX-License-Identifier: Apache-2.0
/** Model files, text, architectures and their shared blocks. */
module dev.jay.model {
    requires transitive dev.jay.kv;
    requires transitive dev.jay.tensor;
    requires tools.jackson.databind;

    exports dev.jay.model;
    exports dev.jay.model.arch;
    exports dev.jay.model.block;
    exports dev.jay.model.load;
    exports dev.jay.model.text;
    exports dev.jay.model.text.jinja;
}
