// SPDX-License-Identifier: Apache-2.0
package dev.jay.conformance;

import dev.jay.app.http.Server;
import dev.jay.app.http.ServerOptions;
import dev.jay.engine.Model;
import dev.jay.model.load.SynthFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** A server with a small model of random weights, for as long as a test class runs. */
final class Served implements AutoCloseable {
    static final String KEY = "a key for the tests";

    private final Path file;
    private final Model model;
    private final Server server;

    Served() throws IOException {
        this(options -> options);
    }

    Served(UnaryOperator<ServerOptions> change) throws IOException {
        file = Files.createTempFile("jay-conformance", ".gguf");
        SynthFiles.write(file, Map.of("llama.context_length", 4096L)); // descriptions of tools are long
        model = Model.open(file);
        server = Server.start(
                model,
                change.apply(ServerOptions.DEFAULT
                        .withListening("127.0.0.1", 0)
                        .withAccess(List.of(KEY), false, Optional.empty())));
    }

    /** Without OpenAI's {@code /v1}. */
    String root() {
        return "http://127.0.0.1:" + server.port();
    }

    /** Tokens of prompts that were run through the model so far. */
    long promptTokensRun() {
        return model.status().promptTokens();
    }

    /** Waits until no answer is being made, which must come soon. */
    void awaitIdle() throws InterruptedException {
        for (int i = 0; i < 500 && model.status().running() > 0; i++) Thread.sleep(10);
        if (model.status().running() > 0) throw new AssertionError("an answer goes on that nobody reads");
    }

    String url() {
        return "http://127.0.0.1:" + server.port() + "/v1";
    }

    String model() {
        return server.modelName();
    }

    @Override
    public void close() throws IOException {
        server.close();
        model.close();
        Files.delete(file);
    }
}
