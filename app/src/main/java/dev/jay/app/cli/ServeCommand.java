// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.app.http.Server;
import dev.jay.app.http.ServerOptions;
import dev.jay.app.resident.FileSource;
import dev.jay.app.resident.Residents;
import dev.jay.engine.Message;
import dev.jay.engine.Model;
import dev.jay.engine.ModelOptions;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.text.jinja.TemplateException;
import java.io.IOException;
import java.net.BindException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "serve",
        description = "Answer over HTTP, as OpenAI's API does (/v1/chat/completions, /v1/responses, /v1/completions,"
                + " /v1/models), Anthropic's (/v1/messages) and Ollama's (/api/chat, /api/generate, /api/tags).",
        footer = {
            "",
            "Examples:",
            "  jay serve model.gguf",
            "  jay serve --models ~/models --memory 8g              (a request says which: 'model')",
            "  jay serve model.gguf --memory 4g --parallel 8 --quality 0.98",
            "  jay serve model.gguf --host 0.0.0.0 --api-key-file keys.txt --parallel 4",
            "  curl localhost:8080/v1/completions -H 'Content-Type: application/json' \\",
            "    -d '{\"prompt\": \"Once upon a time\", \"max_tokens\": 50}'"
        })
final class ServeCommand implements Callable<Integer> {
    private final Shell shell;

    @Mixin
    private ModelArguments model;

    @Parameters(
            index = "1..*",
            arity = "0..*",
            paramLabel = "MORE",
            description =
                    "More models. Of several, a request's 'model' says which; each is loaded when it is first asked"
                            + " for, and gives way, idle, when another needs its room in --memory.")
    private List<String> more;

    @Mixin
    private ServedModels models;

    @Mixin
    private CompanyArguments company;

    @Option(names = "--host", paramLabel = "HOST", description = "The address to listen on (127.0.0.1).")
    private String host;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            converter = Values.NotNegative.class,
            description = "The port; 0: any free one (8080).")
    private Integer port;

    @Option(
            names = "--api-key",
            paramLabel = "KEY",
            description =
                    "A key that lets a client in; may be given several times. Others on this machine can read it in the"
                            + " list of processes: prefer JAY_API_KEY or --api-key-file.")
    private List<String> keys;

    @Option(
            names = "--api-key-file",
            paramLabel = "FILE",
            description = "Keys, one a line; lines that begin with # are not.")
    private Path keyFile;

    @Option(names = "--insecure", description = "Listen where others reach it, without an API key.")
    private boolean insecure;

    @Option(
            names = "--cors-origin",
            paramLabel = "URL",
            description = "The web page that may call from a browser; '*': any.")
    private String corsOrigin;

    @Option(names = "--model-name", paramLabel = "NAME", description = "What clients call the model (its file's name).")
    private String modelName;

    @Option(
            names = "--queue",
            paramLabel = "N",
            converter = Values.Count.class,
            description = "How many requests may wait; one more is told to come again (64).")
    private Integer queue;

    @Option(
            names = "--per-key",
            paramLabel = "N",
            converter = Values.Count.class,
            description = "How many requests one API key may have inside (128).")
    private Integer perKey;

    @Option(
            names = "--scheduler",
            paramLabel = "POLICY",
            description = "Who goes first: first-come, shortest-first, fair (by API key), earliest-deadline"
                    + " (fair where there are keys, else first-come).")
    private String scheduler;

    @Option(
            names = "--body-limit",
            paramLabel = "SIZE",
            converter = Values.Size.class,
            description = "The largest body of a request (4m).")
    private Long bodyLimit;

    @Option(
            names = "--request-seconds",
            paramLabel = "N",
            converter = Values.Count.class,
            description = "The longest a request may take (600).")
    private Integer requestSeconds;

    @Option(
            names = "--stop-seconds",
            paramLabel = "N",
            converter = Values.NotNegative.class,
            description = "How long answers inside may go on after the first signal to end (as long as a request may"
                + " take). With --kv-file those that are not done then are kept: the same request goes on from there"
                + " after a restart.")
    private Integer stopSeconds;

    ServeCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        ServerOptions options = options();
        ServerLog.quiet();
        CountDownLatch stop = new CountDownLatch(1);
        try (Interrupts.Scope scope = shell.interrupts().during(stop::countDown);
                Residents residents = residents()) {
            StringBuilder answers = new StringBuilder(String.join(", ", residents.names()));
            if (areSeveral()) {
                answers.append(" (each is loaded when it is asked for)");
            } else {
                ServedModels.load(residents, opened -> {
                    tryTemplate(opened);
                    answers.append(" (context ").append(opened.contextLength()).append(')');
                });
            }
            serve(residents, options, answers, stop);
        }
        return ExitCode.OK.code();
    }

    private void serve(Residents residents, ServerOptions options, CharSequence answers, CountDownLatch stop)
            throws IOException, InterruptedException {
        try (Server server = start(residents, options)) {
            shell.say("jay serve: http://" + options.host() + ":" + server.port() + " answers for " + answers
                    + "; Ctrl-C ends it");
            Stopping.secondSignalExits(stop);
            stop.await();
            shell.say("jay serve: stopping when the answers inside are done; a second signal ends them");
            Duration most = stopSeconds == null ? options.requestTime() : Duration.ofSeconds(stopSeconds);
            // closed before the server, whose closing cancels: what is cancelled is not kept
            if (!server.finish(most)) residents.close();
        }
    }

    private boolean areSeveral() {
        return more != null || models.areInAFolder();
    }

    private Residents residents() throws IOException {
        ModelOptions opening = modelOptions();
        if (areSeveral()) {
            if (modelName != null) throw new CommandException(ExitCode.USAGE, "--model-name: there are several models");
            List<Path> files = new ArrayList<>();
            if (model.isNamed()) files.add(model.file(shell));
            for (String each : more == null ? List.<String>of() : more) files.add(model.named(shell, each));
            return models.residents(files, opening);
        }
        Path file = model.file(shell);
        return models.one(modelName == null ? FileSource.nameOf(file) : modelName, file, opening);
    }

    /** Better said now than to the first who chats. */
    private void tryTemplate(Model opened) {
        try {
            opened.chatPrompt(List.of(Message.user("Hello")));
        } catch (MalformedModelException | TemplateException e) {
            shell.say("jay serve: warning: chats will be refused: " + e.getMessage());
        }
    }

    private static Server start(Residents residents, ServerOptions options) throws IOException {
        try {
            return Server.start(residents, options);
        } catch (RuntimeException e) {
            if (!(e.getCause() instanceof BindException)) throw e;
            throw new CommandException(
                    ExitCode.FAILED,
                    "cannot listen on " + options.host() + ":" + options.port() + ": "
                            + e.getCause().getMessage(),
                    e);
        }
    }

    private ModelOptions modelOptions() {
        ModelOptions o = company.addTo(model.options(shell));
        if (scheduler != null) o = o.withScheduler(scheduler);
        else if (keys != null || keyFile != null) o = o.withScheduler("fair");
        return queue == null ? o : o.withQueueLimit(queue);
    }

    private ServerOptions options() throws IOException {
        ServerOptions o = ServerOptions.DEFAULT;
        o = o.withListening(host == null ? o.host() : host, port == null ? o.port() : port);
        o = o.withAccess(allKeys(), insecure, Optional.ofNullable(corsOrigin));
        o = o.withLimits(
                bodyLimit == null ? o.bodyBytes() : bodyLimit,
                o.headerBytes(),
                requestSeconds == null ? o.requestTime() : Duration.ofSeconds(requestSeconds),
                o.concurrent());
        return perKey == null ? o : o.withPerKey(perKey);
    }

    private List<String> allKeys() throws IOException {
        List<String> all = new ArrayList<>(keys == null ? List.of() : keys);
        if (keyFile == null) return all;
        for (String line : Files.readAllLines(keyFile)) {
            if (!line.isBlank() && !line.startsWith("#")) all.add(line.strip());
        }
        if (all.isEmpty()) throw new CommandException(ExitCode.USAGE, "--api-key-file: no key in " + keyFile);
        return all;
    }
}
