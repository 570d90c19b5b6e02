// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

/** A grammar, a regular expression or a JSON schema that cannot be used; the message says where and why. */
public final class GrammarException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    public GrammarException(String message) {
        super(message);
    }
}
