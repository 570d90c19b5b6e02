// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

/** An answer ended early and its caller did not ask for that. What came before the end is not lost: see {@link Generation}. */
public final class GenerationException extends RuntimeException {
    private final Finish finish;

    public GenerationException(Finish finish) {
        super(
                "generation ended early: reason=" + finish.reason() + ", completionTokens="
                        + finish.usage().completionTokens()
                        + finish.cause().map(c -> ", cause=" + c).orElse(""),
                finish.cause().orElse(null));
        this.finish = finish;
    }

    public Finish finish() {
        return finish;
    }
}
