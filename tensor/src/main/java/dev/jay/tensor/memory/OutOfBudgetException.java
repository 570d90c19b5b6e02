// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

/** The bytes asked for do not fit the budget. The message names the purpose, what was wanted, what is free and who holds it. */
public final class OutOfBudgetException extends RuntimeException {
    public OutOfBudgetException(String message) {
        super(message);
    }
}
