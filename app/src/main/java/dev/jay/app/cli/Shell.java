// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * All that a command may know of where it was started. Tests make one of their own.
 *
 * @param in       standard input
 * @param out      standard output: results only
 * @param err      standard error: everything else
 * @param isTty    whether each of these three is a terminal
 * @param settings what the environment and the config file say
 * @param jvm      how the launcher sized this JVM
 * @param home     where the launcher found the build; empty when Jay was started some other way
 */
record Shell(
        InputStream in,
        Output out,
        PrintStream err,
        Tty isTty,
        Settings settings,
        JvmRoom jvm,
        Optional<Path> home,
        Interrupts interrupts) {
    /** Which standard streams are terminals. */
    record Tty(boolean in, boolean out, boolean err) {
        static final Tty NONE = new Tty(false, false, false);

        /** @param text as the launcher writes it: the digits of those that are ({@code "012"}) */
        static Tty parse(String text) {
            return new Tty(text.contains("0"), text.contains("1"), text.contains("2"));
        }
    }

    /** A shell of a process of its own. */
    static Shell ofProcess(
            InputStream in,
            Output out,
            PrintStream err,
            Map<String, String> environment,
            Map<String, String> properties) {
        return new Shell(
                in,
                out,
                err,
                Tty.parse(properties.getOrDefault("jay.tty", "")),
                Settings.of(environment),
                JvmRoom.parse(properties.getOrDefault("jay.jvm", "")),
                Optional.ofNullable(properties.get("jay.home")).map(Path::of),
                new Interrupts());
    }

    void say(String line) {
        err.println(line);
    }
}
