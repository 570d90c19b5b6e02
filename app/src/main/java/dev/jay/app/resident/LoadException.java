// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.resident;

/** A model that somebody waited for could not be loaded. The cause says why. */
public final class LoadException extends RuntimeException {
    private static final long serialVersionUID = 1;

    LoadException(String name, Throwable cause) {
        super("the model " + name + " cannot be loaded: " + cause.getMessage(), cause);
    }
}
