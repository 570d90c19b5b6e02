// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

/** Why an answer ended. A closed set: the compiler finds every switch when one is added. */
public enum FinishReason {
    /** An end-of-generation token, a stop string or a stop token. */
    STOP,
    /** The most tokens asked for, or no room left in the context. */
    LENGTH,
    CANCELLED,
    FAILED
}
