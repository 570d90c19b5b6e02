// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.nio.file.Path;

/** A model file says something it may not. The message names the file, the byte offset, the value and what was allowed. */
public final class MalformedModelException extends RuntimeException {
    private static final int SHOWN = 60;

    /** Text out of a file, quoted, cut and cleaned to fit one line of a message. */
    public static String shown(String text) {
        String cut = text.length() > SHOWN ? text.substring(0, SHOWN) + "..." : text;
        return "'" + cut.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]", "?") + "'";
    }

    /** Where what is wrong stands at no one byte: a key that is missing, shapes that disagree. Names the key or the tensor. */
    public MalformedModelException(String what) {
        super(what);
    }

    public MalformedModelException(Path path, long offset, String what) {
        super(path + " at byte " + offset + ": " + what);
    }
}
