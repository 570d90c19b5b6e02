// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.hub;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A file of a repository.
 *
 * @param hash 64 digits: the SHA-256 of its bytes; 40: git's SHA-1 of it as a blob
 */
record HubFile(String path, long size, String hash) {
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{40}|[0-9a-f]{64}");

    HubFile {
        if (!HubModel.isPath(path) || size < 0 || !HASH.matcher(hash).matches()) {
            throw new IllegalArgumentException(
                    "file of a repository: path=" + path + ", size=" + size + ", hash=" + hash);
        }
    }

    static boolean isHash(String text) {
        return HASH.matcher(text).matches();
    }

    String name() {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    /** A line of a list that is kept; {@link #parse} reads it. */
    String line() {
        return hash + ' ' + size + ' ' + path;
    }

    static Optional<HubFile> parse(String line) {
        String[] parts = line.split(" ", 3);
        try {
            return parts.length < 3
                    ? Optional.empty()
                    : Optional.of(new HubFile(parts[2], Long.parseLong(parts[1]), parts[0]));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
