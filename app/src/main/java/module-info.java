// SPDX-License-Identifier: Apache-2.0
/** The ways in: command line and HTTP. */
module dev.jay.app {
    requires dev.jay.engine;
    requires info.picocli;
    requires org.jline;
    requires tools.jackson.databind;

    opens dev.jay.app.cli to
            info.picocli;
}
