// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * What was not said on the command line: {@code JAY_*} variables, then the config file. Every option has both, by its
 * long name: {@code --max-tokens} is {@code JAY_MAX_TOKENS} and {@code max-tokens}; the model is {@code JAY_MODEL} and
 * {@code model}.
 */
final class Settings implements IDefaultValueProvider {
    /** A value and where it was said. */
    record Found(String value, String source) {}

    private final Map<String, String> environment;
    private final Path file;
    private final Properties properties;
    private final List<String> lines; // of the file

    private Settings(Map<String, String> environment, Path file, Properties properties, List<String> lines) {
        this.environment = environment;
        this.file = file;
        this.properties = properties;
        this.lines = lines;
    }

    /** Reads the config file, if there is one. */
    static Settings of(Map<String, String> environment) {
        Path file = configFile(environment);
        Properties properties = new Properties();
        String text = "";
        if (Files.isRegularFile(file)) {
            try {
                text = Files.readString(file);
                properties.load(new StringReader(text));
            } catch (IOException | IllegalArgumentException e) {
                throw new CommandException(
                        ExitCode.CONFIGURATION, "cannot read the config file " + file + ": " + e.getMessage(), e);
            }
        }
        return new Settings(
                Map.copyOf(environment), file, properties, text.lines().toList());
    }

    private static Path configFile(Map<String, String> environment) {
        String xdg = environment.getOrDefault("XDG_CONFIG_HOME", "");
        Path folder = xdg.isEmpty() ? Path.of(environment.getOrDefault("HOME", "."), ".config") : Path.of(xdg);
        return folder.resolve("jay").resolve("config.properties");
    }

    Path file() {
        return file;
    }

    /** Where what can be made again is kept: {@code $XDG_CACHE_HOME/jay}. */
    Path cacheFolder() {
        String xdg = environment.getOrDefault("XDG_CACHE_HOME", "");
        Path folder = xdg.isEmpty() ? Path.of(environment.getOrDefault("HOME", "."), ".cache") : Path.of(xdg);
        return folder.resolve("jay");
    }

    /** Where what should stay is kept: {@code $XDG_STATE_HOME/jay}. */
    Path stateFolder() {
        String xdg = environment.getOrDefault("XDG_STATE_HOME", "");
        Path folder = xdg.isEmpty() ? Path.of(environment.getOrDefault("HOME", "."), ".local", "state") : Path.of(xdg);
        return folder.resolve("jay");
    }

    /** Those of the file, known or not. */
    Set<String> keys() {
        return new TreeSet<>(properties.stringPropertyNames());
    }

    /** The line of the file that sets a key, from 1; the last, where several do. Empty where it is not written plainly. */
    OptionalInt lineOf(String key) {
        return IntStream.range(0, lines.size())
                .filter(i -> lines.get(i).strip().split("[\\s=:]", 2)[0].equals(key))
                .map(i -> i + 1)
                .max();
    }

    /** A variable that is not Jay's own; empty if it is not set. */
    String variable(String name) {
        return environment.getOrDefault(name, "");
    }

    /** @param key an option's long name without its dashes */
    Optional<Found> find(String key) {
        String variable = "JAY_" + key.replace('-', '_').toUpperCase(Locale.ROOT);
        String value = environment.get(variable);
        if (value != null && !value.isEmpty())
            return Optional.of(new Found(value, "the environment variable " + variable));
        String written = properties.getProperty(key);
        return written == null
                ? Optional.empty()
                : Optional.of(new Found(written.strip(), file + ", key '" + key + "'"));
    }

    Optional<Found> find(ArgSpec argument) {
        return key(argument).flatMap(this::find);
    }

    @Override
    public String defaultValue(ArgSpec argument) {
        return find(argument).map(Found::value).orElse(null);
    }

    /** What an option is called here; empty for those that only ask, such as --help. */
    static Optional<String> key(ArgSpec argument) {
        if (argument instanceof OptionSpec option) {
            boolean onlyAsked = option.usageHelp() || option.versionHelp();
            return onlyAsked
                    ? Optional.empty()
                    : Optional.of(option.longestName().substring(2));
        }
        return argument.paramLabel().equals(ModelArguments.MODEL) ? Optional.of("model") : Optional.empty();
    }
}
