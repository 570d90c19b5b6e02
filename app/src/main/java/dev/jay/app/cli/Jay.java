// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command line as a whole: its commands, and what happens when none is named. */
@Command(
        name = "jay",
        description = "Language models on the JVM, inside the memory they are given.",
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "",
            "Examples:",
            "  jay run model.gguf --prompt \"Once upon a time\"",
            "  jay chat hf:Qwen/Qwen3-0.6B",
            "  jay serve model.gguf --port 8080",
            "",
            "Every option may also be a variable (--max-tokens: JAY_MAX_TOKENS) or a line of",
            "~/.config/jay/config.properties (max-tokens = 100). Flags win over variables, variables over the file.",
            "'jay bench --help' lists the measurements that have a program of their own."
        })
final class Jay implements Callable<Integer> {
    private static final Set<String> VERSION = Set.of("-V", "--version");

    @Option(
            names = {"-V", "--version"},
            description = "Show version, commit, JDK, CPU and kernels, and end.")
    private boolean version;

    @Spec
    private CommandSpec spec;

    private final Shell shell;

    private Jay(Shell shell) {
        this.shell = shell;
    }

    private static Map<String, Function<Shell, Object>> commands() {
        Map<String, Function<Shell, Object>> all = new LinkedHashMap<>();
        all.put("run", RunCommand::new);
        all.put("chat", ChatCommand::new);
        all.put("serve", ServeCommand::new);
        all.put("batch", BatchCommand::new);
        all.put("pull", PullCommand::new);
        all.put("models", ModelsCommand::new);
        all.put("plan", PlanCommand::new);
        all.put("probe", ProbeCommand::new);
        all.put("show", ShowCommand::new);
        all.put("tokenize", TokenizeCommand::new);
        all.put("perplexity", PerplexityCommand::new);
        all.put("calibrate", CalibrateCommand::new);
        all.put("eval", EvalCommand::new);
        all.put("quantize", QuantizeCommand::new);
        all.put("train", TrainCommand::new);
        all.put("tune", TuneCommand::new);
        all.put("merge", MergeCommand::new);
        all.put("train-tokenizer", TrainTokenizerCommand::new);
        all.put("synth", SynthCommand::new);
        all.put("bench", BenchCommand::withParts);
        return all;
    }

    /** The whole command line; or, to start sooner, the one command that the first argument names, or none for a version. */
    static CommandLine commandLine(Shell shell, String... args) {
        Map<String, Function<Shell, Object>> commands = commands();
        String named = args.length == 0 ? "" : args[0];
        if (commands.containsKey(named)) commands.keySet().retainAll(Set.of(named));
        if (args.length == 1 && VERSION.contains(named)) commands.clear();
        CommandLine jay = withCommands(shell, commands);
        ConfigKeys.check(shell, jay, () -> withCommands(shell, commands()));
        return jay;
    }

    private static CommandLine withCommands(Shell shell, Map<String, Function<Shell, Object>> commands) {
        CommandLine jay = new CommandLine(new Jay(shell));
        commands.forEach((name, make) -> jay.addSubcommand(name, make.apply(shell)));
        apply(jay, shell);
        return jay;
    }

    private static void apply(CommandLine command, Shell shell) {
        command.getSubcommands().values().forEach(c -> apply(c, shell));
        CommonArguments common = new CommonArguments();
        command.getCommandSpec().addMixin("common", CommandSpec.forAnnotatedObject(common));
        Faults faults = new Faults(shell, common);
        command.setDefaultValueProvider(shell.settings());
        command.setParameterExceptionHandler(faults);
        command.setExecutionExceptionHandler(faults);
        command.setCaseInsensitiveEnumValuesAllowed(true);
        command.setErr(new PrintWriter(shell.err(), true, StandardCharsets.UTF_8));
        command.setOut(new PrintWriter(new OutputWriter(shell.out()), true));
        Map<String, String> codes = new LinkedHashMap<>();
        for (ExitCode e : ExitCode.values()) codes.put(Integer.toString(e.code()), e.meaning());
        command.getCommandSpec().usageMessage().width(100).abbreviateSynopsis(true);
        command.getCommandSpec()
                .usageMessage()
                .exitCodeListHeading("%nExit codes:%n")
                .exitCodeList(codes);
        command.getCommandSpec()
                .usageMessage()
                .optionListHeading("%nOptions:%n")
                .sortOptions(false);
    }

    @Override
    public Integer call() {
        if (version) {
            shell.out().print(new Version(shell).text());
            return ExitCode.OK.code();
        }
        spec.commandLine().usage(spec.commandLine().getErr());
        return ExitCode.USAGE.code();
    }
}
