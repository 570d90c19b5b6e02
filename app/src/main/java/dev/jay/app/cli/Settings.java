// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
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

    private Settings(Map<String, String> environment, Path file, Properties properties) {
        this.environment = environment;
        this.file = file;
        this.properties = properties;
    }

    /** Reads the config file, if there is one. */
    static Settings of(Map<String, String> environment) {
        Path file = configFile(environment);
        Properties properties = new Properties();
        if (Files.isRegularFile(file)) {
            try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
                properties.load(reader);
            } catch (IOException | IllegalArgumentException e) {
                throw new CommandException(
                        ExitCode.CONFIGURATION, "cannot read the config file " + file + ": " + e.getMessage(), e);
            }
        }
        return new Settings(Map.copyOf(environment), file, properties);
    }

    private static Path configFile(Map<String, String> environment) {
        String xdg = environment.getOrDefault("XDG_CONFIG_HOME", "");
        Path folder = xdg.isEmpty() ? Path.of(environment.getOrDefault("HOME", "."), ".config") : Path.of(xdg);
        return folder.resolve("jay").resolve("config.properties");
    }

    Path file() {
        return file;
    }

    /** @param key an option's long name without its dashes */
    Optional<Found> find(String key) {
        String variable = "JAY_" + key.replace('-', '_').toUpperCase(Locale.ROOT);
        String value = environment.get(variable);
        if (value != null && !value.isEmpty()) return Optional.of(new Found(value, "the environment variable " + variable));
        String written = properties.getProperty(key);
        return written == null ? Optional.empty() : Optional.of(new Found(written.strip(), file + ", key '" + key + "'"));
    }

    Optional<Found> find(ArgSpec argument) {
        return key(argument).flatMap(this::find);
    }

    @Override
    public String defaultValue(ArgSpec argument) {
        return find(argument).map(Found::value).orElse(null);
    }

    private static Optional<String> key(ArgSpec argument) {
        if (argument instanceof OptionSpec option) {
            boolean onlyAsked = option.usageHelp() || option.versionHelp();
            return onlyAsked ? Optional.empty() : Optional.of(option.longestName().substring(2));
        }
        return argument.paramLabel().equals(ModelArguments.MODEL) ? Optional.of("model") : Optional.empty();
    }
}
