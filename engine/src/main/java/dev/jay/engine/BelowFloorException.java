// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

/** A way of keeping keys and values was asked for that lies below the floor of quality, or of which nothing is known. */
public final class BelowFloorException extends IllegalArgumentException {
    public BelowFloorException(String message) {
        super(message);
    }
}
