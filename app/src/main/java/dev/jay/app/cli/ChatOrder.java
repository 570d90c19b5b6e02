// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** What can be ordered in a conversation, by a line that begins with a slash. */
enum ChatOrder {
    HELP("", "shows this"),
    SYSTEM("TEXT", "sets the system message and forgets what was said"),
    CLEAR("", "forgets what was said, not the system message"),
    UNDO("", "takes back the last question and its answer"),
    SAVE("FILE", "writes the conversation to a file"),
    LOAD("FILE", "goes on with a conversation from a file"),
    STATS("", "tells tokens, speed and memory"),
    EXIT("", "leaves, as Ctrl-D does");

    private final String argument;
    private final String summary;

    ChatOrder(String argument, String summary) {
        this.argument = argument;
        this.summary = summary;
    }

    /** As it is typed. */
    String word() {
        return "/" + name().toLowerCase(Locale.ROOT);
    }

    boolean takesFile() {
        return argument.equals("FILE");
    }

    boolean takesArgument() {
        return !argument.isEmpty();
    }

    /** What it lacks when it is typed alone. */
    String argument() {
        return argument;
    }

    static Optional<ChatOrder> of(String word) {
        return Arrays.stream(values()).filter(o -> o.word().equals(word)).findFirst();
    }

    static String help() {
        return Arrays.stream(values())
                        .map(o -> String.format("  %-13s %s", (o.word() + " " + o.argument).strip(), o.summary))
                        .collect(Collectors.joining("\n"))
                + "\n  A line that ends in \\ goes on in the next; \"\"\" begins and ends a text of many lines."
                + "\n  Ctrl-C ends an answer, Ctrl-D leaves.";
    }
}
