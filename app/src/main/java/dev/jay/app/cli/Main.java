// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.memory.Memory;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Where {@code ./jay} enters. */
public final class Main {
    private static final Set<String> OPENING = Set.of("run", "chat", "serve", "batch", "perplexity");

    private Main() {}

    public static void main(String[] args) {
        if (args.length > 0 && OPENING.contains(args[0])) {
            Thread.ofPlatform().daemon().name("jay-ahead").start(Main::linkAhead);
        }
        // no option is of these types, and their converters load calendars
        System.setProperty("picocli.converters.excludes", "java.time.*,java.sql.*");
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

    /** Links what every model calls, while the command line is read; whoever needs it before it is there waits. */
    private static void linkAhead() {
        Cpu.detect();
        KernelProviders.linkAhead();
        try (Memory memory = Memory.withBudget(1 << 16)) {
            memory.reserve("start", 1).close();
        }
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
