// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Metadata;
import java.util.Optional;

/** The keys of a family in a model file, such as {@code llama.block_count}. Trusts none: files may be hostile. */
record Keys(Metadata metadata, String architecture) {
    static final int MOST_WIDTH = 1 << 24; // products of two widths and a row count stay within a long
    static final int MOST_POSITIONS = 1 << 30;

    boolean has(String name) {
        return metadata.has(key(name));
    }

    int positive(String name, int most) {
        int v = metadata.integer(key(name));
        if (v < 1 || v > most) throw malformed(name, v, "1 to " + most);
        return v;
    }

    /** 0 where the file says nothing. */
    int atMost(String name, int most) {
        int v = metadata.integer(key(name), 0);
        if (v < 0 || v > most) throw malformed(name, v, "0 to " + most);
        return v;
    }

    double real(String name, double otherwise, double least, double most) {
        double v = metadata.real(key(name), otherwise);
        if (!(v >= least && v <= most)) throw malformed(name, v, least + " to " + most);
        return v;
    }

    double real(String name, double least, double most) {
        return real(name, metadata.real(key(name)), least, most);
    }

    boolean flag(String name, boolean otherwise) {
        return metadata.flag(key(name), otherwise);
    }

    Optional<String> text(String name) {
        return metadata.optionalText(key(name));
    }

    MalformedModelException malformed(String name, Object got, String allowed) {
        return new MalformedModelException("model file: " + key(name) + "=" + got + ", allowed: " + allowed);
    }

    String key(String name) {
        return architecture + "." + name;
    }
}
