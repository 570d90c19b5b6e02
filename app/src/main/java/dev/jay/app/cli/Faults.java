// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.engine.ContextFullException;
import dev.jay.engine.GenerationException;
import dev.jay.engine.NeverFitsException;
import dev.jay.engine.QueueFullException;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.text.jinja.TemplateException;
import dev.jay.tensor.memory.OutOfBudgetException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** What went wrong, in one line on standard error and one exit code. */
final class Faults implements IParameterExceptionHandler, IExecutionExceptionHandler {
    private final Shell shell;
    private final CommonArguments common;

    Faults(Shell shell, CommonArguments common) {
        this.shell = shell;
        this.common = common;
    }

    @Override
    public int handleParseException(ParameterException e, String[] args) {
        String command = e.getCommandLine().getCommandSpec().qualifiedName();
        StringBuilder line = new StringBuilder(oneLine(e.getMessage()));
        if (e.getArgSpec() != null) {
            shell.settings()
                    .find(e.getArgSpec())
                    .filter(found -> found.value().equals(e.getValue()))
                    .ifPresent(found ->
                            line.append(" (from ").append(found.source()).append(')'));
        }
        if (e instanceof UnmatchedArgumentException unmatched) {
            List<String> near = unmatched.getSuggestions();
            if (!near.isEmpty())
                line.append("; did you mean ").append(String.join(" or ", near)).append('?');
        }
        shell.say(command + ": " + line + " (see '" + command + " --help')");
        return ExitCode.USAGE.code();
    }

    @Override
    public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed) {
        return report(command.getCommandSpec().qualifiedName(), e);
    }

    /** Says what happened and how the process should end. */
    int report(String command, Throwable thrown) {
        boolean debug = common.isDebug();
        Throwable cause =
                thrown instanceof GenerationException ended && ended.getCause() != null ? ended.getCause() : thrown;
        ExitCode exit = exitOf(cause);
        if (exit != ExitCode.OUTPUT_CLOSED) shell.say(command + ": " + line(cause, exit, debug));
        if (debug) thrown.printStackTrace(shell.err());
        return exit.code();
    }

    private static ExitCode exitOf(Throwable e) {
        return switch (e) {
            case CommandException known -> known.exit();
            case MalformedModelException malformed -> ExitCode.MALFORMED;
            case TemplateException refused when refused.reason() == TemplateException.Cause.REFUSED -> ExitCode.FAILED;
            case TemplateException broken -> ExitCode.MALFORMED;
            case NoSuchFileException absent -> ExitCode.NO_INPUT;
            case AccessDeniedException refused -> ExitCode.NO_INPUT;
            case OutOfBudgetException full -> ExitCode.NO_ROOM;
            case NeverFitsException full -> ExitCode.NO_ROOM;
            case QueueFullException full -> ExitCode.NO_ROOM;
            case OutOfMemoryError full -> ExitCode.NO_ROOM;
            case ContextFullException full -> ExitCode.FAILED;
            case GenerationException ended -> ExitCode.FAILED;
            case IOException io -> ExitCode.FAILED;
            case IllegalArgumentException wrong -> ExitCode.USAGE;
            default -> ExitCode.INTERNAL;
        };
    }

    private static String line(Throwable e, ExitCode exit, boolean debug) {
        String message = e.getMessage() == null ? e.getClass().getSimpleName() : oneLine(e.getMessage());
        return switch (e) {
            case NoSuchFileException absent -> "no such file: " + message;
            case AccessDeniedException refused -> "may not open: " + message;
            case TemplateException template -> "the model's chat template: " + message;
            case OutOfMemoryError full -> "Java's heap is full (" + message + "): give more with --memory, such as 4g";
            default -> {
                boolean bug = exit == ExitCode.INTERNAL && !debug;
                yield bug
                        ? "internal error: " + e.getClass().getSimpleName() + ": " + message + " (--debug tells more)"
                        : message;
            }
        };
    }

    private static String oneLine(String text) {
        return text == null ? "" : text.strip().replaceAll("\\R+\\s*", " ");
    }
}
