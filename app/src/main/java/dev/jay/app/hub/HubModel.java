// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.hub;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model on a hub, {@code hf:OWNER/REPO[@REVISION][/FILE]}.
 *
 * @param revision a branch, tag or commit
 * @param file     or a folder of the repository; empty: whichever is the model
 */
public record HubModel(String owner, String repo, String revision, String file) {
    private static final String PREFIX = "hf:";
    private static final Pattern FORM =
            Pattern.compile("hf:(\\w[\\w.-]{0,95})/(\\w[\\w.-]{0,95})(?:@(\\w[\\w.-]{0,95}))?(?:/(.+))?");

    /** Whether this is meant to be one, and not a file. */
    public static boolean isOne(String name) {
        return name.startsWith(PREFIX);
    }

    /** @throws IllegalArgumentException if it is not of this form */
    public static HubModel parse(String name) {
        Matcher m = FORM.matcher(name);
        if (!m.matches() || m.group(4) != null && !isPath(m.group(4))) {
            throw new IllegalArgumentException(
                    "not a model on a hub: " + name + ", wanted=hf:OWNER/REPO[@REVISION][/FILE]");
        }
        return new HubModel(
                m.group(1), m.group(2), m.group(3) == null ? "main" : m.group(3), m.group(4) == null ? "" : m.group(4));
    }

    /** Whether a name of a file stays within its folder on every system. */
    static boolean isPath(String path) {
        if (path.isEmpty() || path.length() > 500) return false;
        for (String part : path.split("/", -1)) {
            if (part.isEmpty() || part.equals(".") || part.equals("..") || part.endsWith(".part")) return false;
            if (part.chars().anyMatch(c -> c < ' ' || c == 0x7F || "\\:*?\"<>|".indexOf(c) >= 0)) return false;
        }
        return true;
    }

    String id() {
        return owner + "/" + repo;
    }

    @Override
    public String toString() {
        String at = revision.equals("main") ? "" : "@" + revision;
        return PREFIX + id() + at + (file.isEmpty() ? "" : "/" + file);
    }
}
