// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import java.util.Comparator;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;

/** Looks for keys of the config file that no command has: a slip of the pen would else be passed over in silence. */
final class ConfigKeys {
    private static final int MOST_SLIPS = 3;

    private ConfigKeys() {}

    /** A line on standard error for each. @param all every command, made only where the one that runs lacks a key */
    static void check(Shell shell, CommandLine running, Supplier<CommandLine> all) {
        Settings settings = shell.settings();
        if (known(running).containsAll(settings.keys())) return;
        Set<String> known = known(all.get());
        for (String key : settings.keys()) {
            if (known.contains(key)) continue;
            OptionalInt at = settings.lineOf(key);
            String line = at.isPresent() ? ", line " + at.getAsInt() : "";
            String nearest =
                    nearest(key, known).map(k -> "; did you mean '" + k + "'?").orElse("");
            shell.say("jay: warning: " + settings.file() + line + ": unknown key '" + key + "'" + nearest);
        }
    }

    private static Set<String> known(CommandLine command) {
        Set<String> keys = new TreeSet<>();
        for (ArgSpec argument : command.getCommandSpec().args())
            Settings.key(argument).ifPresent(keys::add);
        for (CommandLine part : command.getSubcommands().values()) keys.addAll(known(part));
        return keys;
    }

    private static Optional<String> nearest(String key, Set<String> known) {
        return known.stream().filter(k -> slips(key, k) <= MOST_SLIPS).min(Comparator.comparingInt(k -> slips(key, k)));
    }

    /** How many letters must be put in, taken out or changed to make one of the other. */
    private static int slips(String a, String b) {
        if (Math.abs(a.length() - b.length()) > MOST_SLIPS) return Integer.MAX_VALUE;
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) row[j] = j;
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
