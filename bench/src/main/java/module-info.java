// SPDX-License-Identifier: Apache-2.0
/** Measurements: kernels, models, load. Nobody depends on it. */
module dev.jay.bench {
    requires dev.jay.engine;
    requires dev.jay.kv;
    requires dev.jay.tensor;
    requires dev.jay.train;
    requires info.picocli;
    requires java.desktop;
    requires java.management;
    requires java.net.http;
    requires jdk.jfr;
    requires tools.jackson.databind;
    requires xchart;

    opens dev.jay.bench to
            info.picocli;
    opens dev.jay.bench.kv to
            info.picocli;
    opens dev.jay.bench.kernel to
            info.picocli;
    opens dev.jay.bench.optimize to
            info.picocli,
            tools.jackson.databind;
    opens dev.jay.bench.overload to
            info.picocli;
    opens dev.jay.bench.serve to
            info.picocli;
    opens dev.jay.bench.simulate to
            info.picocli;
    opens dev.jay.bench.start to
            info.picocli;
    opens dev.jay.bench.stress to
            info.picocli;
    opens dev.jay.bench.tiny to
            info.picocli;
}
