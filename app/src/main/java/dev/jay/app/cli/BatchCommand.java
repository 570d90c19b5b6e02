// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.app.http.Batch;
import dev.jay.app.http.BatchLine;
import dev.jay.engine.EngineStatus;
import dev.jay.engine.Model;
import dev.jay.engine.ModelOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "batch",
        description = {
            "Answer a file of requests, in OpenAI's batch format, as fast as they can be answered together: those that"
                    + " begin alike run side by side, and what they share is computed once.",
            "",
            "Answers are appended to OUT as they come, in no order; each has the custom_id of its request. Started"
                    + " again after whatever end, it goes on: what OUT has is not asked again, and no custom_id is"
                    + " answered twice. A request that is refused has an answer that says so. With --kv-file an answer"
                    + " that was under way when the batch was ended (Ctrl-C, SIGTERM) goes on from where it was."
        },
        footer = {
            "",
            "Examples:",
            "  jay batch model.gguf requests.jsonl answers.jsonl",
            "  jay batch requests.jsonl answers.jsonl --parallel 16       (the model is JAY_MODEL)",
            "",
            "A request:",
            "  {\"custom_id\": \"1\", \"method\": \"POST\", \"url\": \"/v1/chat/completions\",",
            "   \"body\": {\"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}], \"max_tokens\": 50}}"
        })
final class BatchCommand implements Callable<Integer> {
    private static final int DEFAULT_PARALLEL = 4;
    private static final int WINDOW_TOKENS = 4 << 20;

    private final Shell shell;

    @Mixin
    private ModelArguments model;

    @Mixin
    private CompanyArguments company;

    @Parameters(index = "1", arity = "0..1", paramLabel = "IN", description = "The requests, a JSON object a line.")
    private String in;

    @Parameters(
            index = "2",
            arity = "0..1",
            paramLabel = "OUT",
            description = "Where the answers go; made if it is not there, else gone on with.")
    private String out;

    BatchCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (out == null) {
            out = in;
            in = model.takeModelAs(shell.settings());
        }
        if (in == null || out == null) {
            throw new CommandException(ExitCode.USAGE, "two files are needed: jay batch MODEL IN OUT");
        }
        Path requests = Path.of(in);
        Path answers = Path.of(out);
        if (Files.exists(answers) && Files.isSameFile(requests, answers)) {
            throw new CommandException(ExitCode.USAGE, "IN and OUT are the same file: " + in);
        }
        try (BatchInput input = new BatchInput(requests, WINDOW_TOKENS)) {
            long all = input.check();
            try (BatchOutput output = new BatchOutput(answers);
                    Model opened = Model.open(model.file(shell), options());
                    Progress progress = new Progress(shell)) {
                return run(opened, input, output, progress, all);
            }
        }
    }

    private ModelOptions options() {
        return company.addTo(model.options(shell).withParallel(DEFAULT_PARALLEL))
                .withScheduler("in-order");
    }

    private Integer run(Model opened, BatchInput input, BatchOutput output, Progress progress, long all)
            throws IOException, InterruptedException {
        long before = output.answered().size();
        AtomicLong written = new AtomicLong(before);
        if (before > 0) shell.say("jay batch: " + before + " of " + all + " are answered in " + out + "; going on");
        Batch batch = new Batch(opened);
        BatchRun run = new BatchRun(batch, output, () -> {
            long now = written.incrementAndGet();
            synchronized (progress) {
                progress.at(now, all, now + " of " + all);
            }
        });
        Runnable end = () -> {
            run.stop();
            opened.close(); // parks what is inside, where there is a file for it
        };
        try (Interrupts.Scope scope = shell.interrupts().during(end)) {
            try {
                takeAll(batch, run, input, output);
            } finally {
                run.awaitAll();
            }
        }
        EngineStatus status = opened.status();
        shell.say(String.format(
                Locale.ROOT,
                "jay batch: %d answers written, %d of them begun before; tokens: %d of prompts run, %d not run because"
                        + " they were known, %d decoded",
                written.get() - before,
                status.resumed(),
                status.promptTokens(),
                status.reusedTokens(),
                status.decodedTokens()));
        if (shell.interrupts().isInterrupted()) return ExitCode.INTERRUPTED.code();
        if (written.get() < all) throw new CommandException(ExitCode.FAILED, "ended before all were answered");
        return ExitCode.OK.code();
    }

    private static void takeAll(Batch batch, BatchRun run, BatchInput input, BatchOutput output)
            throws IOException, InterruptedException {
        List<BatchInput.Place> window = input.next(batch, output.answered());
        while (!window.isEmpty()) {
            for (BatchInput.Place place : window) {
                try {
                    if (!run.take(input.read(place))) return;
                } catch (BatchLine.BrokenException e) {
                    throw new CommandException(ExitCode.MALFORMED, "the requests have changed: " + e.getMessage());
                }
            }
            window = input.next(batch, output.answered());
        }
    }
}
