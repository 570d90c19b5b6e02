// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.app.resident.FileSource;
import dev.jay.app.resident.KeepAlive;
import dev.jay.app.resident.LoadException;
import dev.jay.app.resident.Residents;
import dev.jay.engine.Model;
import dev.jay.engine.ModelOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Which models a server has, besides those named one by one, and how long they stay. */
final class ServedModels {
    private static final Pattern LATER_PART = Pattern.compile(".*-(?!00001)\\d{5}-of-\\d{5}\\.gguf");
    private static final String FIRST_PART = "-00001-of-\\d{5}$";

    @Option(
            names = {"--models", "--models-dir"},
            paramLabel = "DIR",
            description = "All models in this folder: GGUF files, and folders with one or with safetensors.")
    private Path folder;

    @Option(
            names = "--keep-alive",
            paramLabel = "TIME",
            converter = Time.class,
            description = "How long a model stays after its last request, such as 30s, 5m or 1h; 0: not at all, -1: for"
                    + " ever. A request's keep_alive wins (5m; of one model alone: for ever).")
    private KeepAlive keepAlive;

    /** As Ollama has it. */
    static final class Time implements ITypeConverter<KeepAlive> {
        @Override
        public KeepAlive convert(String text) {
            try {
                return KeepAlive.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException("got '" + text + "': " + e.getMessage());
            }
        }
    }

    /** Whether a folder of them was named. */
    boolean areInAFolder() {
        return folder != null;
    }

    /**
     * All of them, none loaded.
     *
     * @param named files besides those of the folder
     */
    Residents residents(List<Path> named, ModelOptions options) throws IOException {
        Map<String, Path> files = new LinkedHashMap<>();
        for (Path file : named) add(files, FileSource.nameOf(file), file);
        if (folder != null) addFolder(files);
        if (files.isEmpty()) throw new CommandException(ExitCode.NO_INPUT, "--models: there is no model in " + folder);
        if (files.size() > 1 && !options.adapters().isEmpty()) {
            throw new CommandException(
                    ExitCode.USAGE, "--lora: adapters are of one model, and there are " + files.keySet());
        }
        List<FileSource> sources = new ArrayList<>();
        files.forEach((name, file) -> sources.add(new FileSource(name, file, own(options, name))));
        return of(sources, options, keepAlive == null ? KeepAlive.DEFAULT : keepAlive);
    }

    /** A model alone: it stays, unless told otherwise. */
    Residents one(String name, Path file, ModelOptions options) {
        KeepAlive stay = keepAlive == null ? KeepAlive.FOREVER : keepAlive;
        return of(List.of(new FileSource(name, file, options)), options, stay);
    }

    private static Residents of(List<FileSource> sources, ModelOptions options, KeepAlive keep) {
        return new Residents(sources, options.budgetBytes().orElse(Long.MAX_VALUE), keep, System::nanoTime);
    }

    /** Keys and values of each model lie in a file of its own. */
    private static ModelOptions own(ModelOptions options, String name) {
        return options.kvFile()
                .map(file -> options.withKvFile(file.resolveSibling(file.getFileName() + "." + name)))
                .orElse(options);
    }

    private static void add(Map<String, Path> files, String name, Path file) {
        Path before = files.put(name, file);
        if (before != null) {
            throw new CommandException(
                    ExitCode.USAGE, "two models are called " + name + ": " + before + " and " + file);
        }
    }

    private void addFolder(Map<String, Path> files) throws IOException {
        if (!Files.isDirectory(folder)) throw new CommandException(ExitCode.NO_INPUT, "no such folder: " + folder);
        for (Path each : sorted(folder)) {
            String name = String.valueOf(each.getFileName());
            if (isModel(each)) {
                add(files, FileSource.nameOf(each).replaceFirst(FIRST_PART, ""), each);
            } else if (Files.isDirectory(each)) {
                List<Path> inside =
                        sorted(each).stream().filter(ServedModels::isModel).toList();
                if (Files.isRegularFile(each.resolve("config.json"))) add(files, name, each);
                else if (inside.size() == 1) add(files, name, inside.getFirst());
            }
        }
    }

    private static List<Path> sorted(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.sorted().toList();
        }
    }

    private static boolean isModel(Path file) {
        String name = String.valueOf(file.getFileName());
        boolean part = name.startsWith("mmproj") || LATER_PART.matcher(name).matches();
        return Files.isRegularFile(file) && name.endsWith(".gguf") && !part;
    }

    /** Loads the one model, so that what is wrong with it is said now. */
    static void load(Residents residents, Consumer<Model> look) throws IOException, InterruptedException {
        String name = residents.names().iterator().next();
        try (Residents.Use use = residents.want(name, Optional.empty())) {
            while (!use.await(Duration.ofDays(1))) {}
            look.accept(use.model());
        } catch (LoadException e) {
            switch (e.getCause()) {
                case IOException io -> throw io;
                case RuntimeException known -> throw known;
                case Error error -> throw error;
                default -> throw e;
            }
        }
    }
}
