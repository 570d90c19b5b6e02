// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

/** A template cannot be read or rendered. The message names the line, what was being done, what came and what is allowed. */
public final class TemplateException extends RuntimeException {
    /** Why. */
    public enum Cause {
        /** The source is not a template we can read. */
        SYNTAX,
        /** An operation on values it is not defined for. */
        EVALUATION,
        /** One of {@link Limits} was passed. */
        LIMIT,
        /** The template itself refused the conversation ({@code raise_exception}); the message says why. */
        REFUSED
    }

    private static final long serialVersionUID = 1L;

    private final Cause cause;
    private final int line;

    TemplateException(Cause cause, int line, String what) {
        super(cause == Cause.REFUSED ? what : "template line " + line + ": " + what);
        this.cause = cause;
        this.line = line;
    }

    public Cause reason() {
        return cause;
    }

    /** The line of the template, from 1; 0 where the context and not the template is at fault. */
    public int line() {
        return line;
    }
}
