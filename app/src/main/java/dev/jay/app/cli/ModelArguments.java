// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.app.hub.HubModel;
import dev.jay.engine.AdapterFile;
import dev.jay.engine.Model;
import dev.jay.engine.ModelOptions;
import dev.jay.tensor.kernel.KernelProviders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which model, and how it is opened. */
final class ModelArguments {
    static final String MODEL = "MODEL";

    /** In Jay's own folder: where the build puts what lies in app/src/main/model. */
    private static final String BUILT_IN = "jay-tiny.gguf";

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = MODEL,
            description = "The model: a GGUF file, safetensors with their config.json (a file of them, or the folder),"
                    + " hf:OWNER/REPO[/FILE] (fetched from Hugging Face, once), or llama2.c's .bin. Left out,"
                    + " it is JAY_MODEL or 'model' of the config file, or else the model that lies in Jay's own"
                    + " folder, if one does.")
    private String model;

    @ArgGroup(validate = false, heading = "%nHow the model is opened:%n")
    private final Opening opening = new Opening();

    static final class Opening {
        @Option(
                names = "--context",
                paramLabel = "N",
                converter = Values.Count.class,
                description = "The most tokens, prompt and answer together (the model's own, at most 4096).")
        private Integer context;

        @Option(
                names = "--memory",
                paramLabel = "SIZE",
                converter = Values.Size.class,
                description =
                        "The memory of the whole process, such as 512m or 4g (what the machine and its containers leave"
                                + " free). Weights that do not fit in are read from the file as they are used.")
        private Long memory;

        @Option(
                names = "--threads",
                paramLabel = "N",
                converter = Values.Count.class,
                description = "Compute threads (one for each core that this process may use, quotas counted).")
        private Integer threads;

        @Option(
                names = "--kernels",
                paramLabel = "NAME",
                completionCandidates = Providers.class,
                description =
                        "The kernels to begin with, best first: ${COMPLETION-CANDIDATES}. What one of them has no code"
                                + " for, the next has. (The best this machine can run; 'jay --version' says which.)")
        private String kernels;

        @Option(
                names = "--perf-map",
                description =
                        "For debugging: writes the places of machine code to /tmp/perf-PID.map, for Linux perf (no).")
        private boolean perfMap;

        @Option(
                names = "--lora",
                paramLabel = "[NAME=]FILE",
                description =
                        "Adapters to run with: a GGUF adapter, or a folder of PEFT's (of 'jay tune'). May be given"
                            + " several times; requests to 'jay serve' may choose among them (lora, /lora-adapters).")
        private List<String> lora;

        @Option(
                names = "--lora-init-without-apply",
                description = "Begin with all adapters at scale 0: who wants one says so (no).")
        private boolean loraAsleep;

        @Option(
                names = "--kv",
                paramLabel = "RECIPE",
                description = "How keys and values are kept, such as 'keys=f16 values=f16', or in few bits with"
                    + " 'keys=per-channel(bits=4) values=per-token(bits=4)', which tokens are forgotten:"
                    + " 'evict=window(budget=512)', or of which a query reads some only:"
                    + " 'select=best-pages(budget=512)', what a prompt's queries read: 'prefill=patterns(gamma=0.9)',"
                    + " or on which tokens of a prompt the model runs at all: 'filter=early-layer(budget=512)'. Known:"
                    + " ${COMPLETION-CANDIDATES}. What each costs in bytes and quality: jay bench kv (f16; f32 where"
                    + " numerics are exact).",
                completionCandidates = KvChoices.class)
        private String kv;

        @Option(
                names = "--quality",
                paramLabel = "FLOOR",
                converter = Values.Fraction.class,
                description = "The least quality of the way keys and values are kept, such as 0.98: of the ways that"
                    + " 'jay bench kv' judged, the best is taken that fits --memory, never one below this ('jay plan'"
                    + " shows all). What counts is MODEL.kv.json beside the model, or else what was judged on"
                    + " jay-tiny, and the worst of a way's tasks. With --kv, which is refused if it was judged less,"
                    + " or never. (No floor.)")
        private Double quality;

        @Option(
                names = "--kv-file",
                paramLabel = "FILE",
                description =
                        "Where keys and values go of beginnings that give way in memory, to be read back when they"
                            + " come again, after a restart too, where that is cheaper than computing them by what"
                            + " 'jay probe FILE' measured (always, if it never did). The file holds what prompts say:"
                            + " keep it as safe as them.")
        private Path kvFile;

        @Option(
                names = "--kv-file-size",
                paramLabel = "SIZE",
                converter = Values.Size.class,
                description = "The most that file may take (4g).")
        private Long kvFileSize;

        @Option(
                names = "--offline",
                description =
                        "Fetch nothing: hf:... is what was fetched before, or fails (HF_HUB_OFFLINE does the same).")
        private boolean offline;
    }

    /** The kernel providers, for help: those of the catalog. */
    static final class Providers implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return KernelProviders.ALL.names().iterator();
        }
    }

    /** The file named, by argument, variable or config file; or the one that comes with Jay. */
    Path file(Shell shell) throws IOException {
        if (model != null) return named(shell, model, opening.offline);
        return shell.home()
                .map(home -> home.resolve(BUILT_IN))
                .filter(Files::isRegularFile)
                .orElseThrow(() -> new CommandException(
                        ExitCode.USAGE,
                        "no model is named, and none came with this copy of Jay: write its file or hf:OWNER/REPO as"
                                + " MODEL, or set JAY_MODEL, or put 'model = FILE' into"
                                + " ~/.config/jay/config.properties"));
    }

    /** Whether one was named, by argument, variable or config file. */
    boolean isNamed() {
        return model != null;
    }

    /** As {@link #named(Shell, String, boolean)}, offline where that was said. */
    Path named(Shell shell, String name) throws IOException {
        return named(shell, name, opening.offline);
    }

    /** A file, a folder, or a model on a hub, which is fetched if it is not here. */
    static Path named(Shell shell, String name, boolean offline) throws IOException {
        return HubModel.isOne(name) ? HubModels.find(shell, name, offline) : existing(name);
    }

    /** For commands with a second positional argument: the model was left out, and this is what stood in its place. */
    String takeModelAs(Settings settings) {
        String other = model;
        model = settings.find("model").map(Settings.Found::value).orElse(null);
        return other;
    }

    static Path existing(String name) {
        Path file = Path.of(name);
        if (!Files.exists(file)) throw new CommandException(ExitCode.NO_INPUT, "no such file: " + file);
        return file;
    }

    Model open(Shell shell) throws IOException {
        return Model.open(file(shell), options(shell));
    }

    private List<AdapterFile> adapters() {
        List<AdapterFile> all = new ArrayList<>();
        for (String said : opening.lora) {
            int eq = Files.exists(Path.of(said)) ? -1 : said.indexOf('=');
            AdapterFile file = AdapterFile.of(existing(said.substring(eq + 1)));
            String name = eq > 0 ? said.substring(0, eq) : file.name();
            if (all.stream().anyMatch(a -> a.name().equals(name))) {
                throw new CommandException(ExitCode.USAGE, "--lora: two are called " + name + ": write NAME=FILE");
            }
            all.add(new AdapterFile(name, file.path(), opening.loraAsleep ? 0 : 1));
        }
        return all;
    }

    ModelOptions options(Shell shell) {
        ModelOptions options = ModelOptions.defaults();
        if (opening.context != null) options = options.withContextLength(opening.context);
        long process = opening.memory == null ? shell.jvm().processBytes() : opening.memory;
        if (process > 0) options = options.withBudgetBytes(shell.jvm().offHeap(process));
        if (opening.threads != null) options = options.withThreads(opening.threads);
        if (opening.kernels != null) options = options.withKernels(opening.kernels);
        if (opening.perfMap)
            options = options.withPerfMap(
                    Path.of("/tmp", "perf-" + ProcessHandle.current().pid() + ".map"));
        if (opening.lora != null) options = options.withAdapters(adapters());
        if (opening.kv != null) options = options.withKvRecipe(opening.kv);
        if (opening.quality != null) options = options.withQuality(opening.quality);
        if (opening.kvFile != null) {
            options = options.withKvFile(opening.kvFile).withProbes(new ProbeStore(shell)::known);
        }
        if (opening.kvFileSize != null) options = options.withKvFileBytes(opening.kvFileSize);
        return options;
    }
}
