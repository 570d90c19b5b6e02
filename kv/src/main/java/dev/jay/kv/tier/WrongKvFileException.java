// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.tier;

import java.io.IOException;
import java.nio.file.Path;

/** A file of keys and values cannot be used: it is another model's, of another version, or none at all. It is as it was. */
public final class WrongKvFileException extends IOException {
    private static final long serialVersionUID = 1;

    WrongKvFileException(Path path, String why) {
        super("kv file " + path + " cannot be used: " + why + "; name another file, or delete this one");
    }
}
