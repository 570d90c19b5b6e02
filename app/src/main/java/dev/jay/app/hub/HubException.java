// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.hub;

import java.io.IOException;

/** A model could not be fetched; the message says what was asked of whom and what to do. Never holds a token. */
public final class HubException extends IOException {
    private static final long serialVersionUID = 1;

    public HubException(String message) {
        super(message);
    }

    HubException(String message, Throwable cause) {
        super(message, cause);
    }
}
