// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import java.util.Optional;

/**
 * How an answer ended.
 *
 * @param cause why it ended without having been asked to: the failure ({@link FinishReason#FAILED}), or what cancelled
 *              it (its time limit, the model's closing); empty where the caller cancelled
 * @param seed  what its draws came from; the same request with this seed gives the same answer
 * @param stop  the text that ended it, where one of {@link Request#stops} did
 */
public record Finish(FinishReason reason, Usage usage, Optional<Throwable> cause, long seed, Optional<String> stop) {
    /** One that no text ended. */
    public Finish(FinishReason reason, Usage usage, Optional<Throwable> cause, long seed) {
        this(reason, usage, cause, seed, Optional.empty());
    }
}
