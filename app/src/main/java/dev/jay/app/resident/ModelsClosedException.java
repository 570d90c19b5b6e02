// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.resident;

/** No model is given out any more. */
public final class ModelsClosedException extends IllegalStateException {
    private static final long serialVersionUID = 1;

    ModelsClosedException() {
        super("the models are closed");
    }
}
