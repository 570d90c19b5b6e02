// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** Where {@code ./jay} enters. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        PrintStream err = new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
        Output out = new Output(new FileOutputStream(FileDescriptor.out));
        Map<String, String> properties = new HashMap<>();
        for (String key : new String[] {"jay.tty", "jay.jvm", "jay.home"}) {
            String value = System.getProperty(key);
            if (value != null) properties.put(key, value);
        }
        int exit;
        try {
            exit = run(Shell.ofProcess(System.in, out, err, System.getenv(), properties), args);
        } catch (CommandException e) {
            err.println("jay: " + e.getMessage());
            exit = e.exit().code();
        }
        System.exit(exit);
    }

    private static int run(Shell shell, String... args) {
        Interrupts interrupts = shell.interrupts();
        Runtime.getRuntime().addShutdownHook(new Thread(interrupts::interrupt, "interrupt"));
        try {
            return Jay.commandLine(shell, args).execute(args);
        } catch (OutOfMemoryError | StackOverflowError e) {
            return new Faults(shell, new CommonArguments()).report("jay", e);
        } finally {
            interrupts.finished();
        }
    }
}
