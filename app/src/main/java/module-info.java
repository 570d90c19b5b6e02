// SPDX-License-Identifier: Apache-2.0
/** The ways in: command line and HTTP. */
module dev.jay.app {
    requires dev.jay.engine;
    requires dev.jay.train;
    requires info.picocli;
    requires java.logging;
    requires java.net.http;
    requires io.helidon.common.socket;
    requires io.helidon.http;
    requires io.helidon.webserver;
    requires io.prometheus.metrics.config;
    requires io.prometheus.metrics.core;
    requires io.prometheus.metrics.model;
    requires io.prometheus.writer.text;
    requires org.jline;
    requires tools.jackson.databind;

    opens dev.jay.app.cli to
            info.picocli;
}
