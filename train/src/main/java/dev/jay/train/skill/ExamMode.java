// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.skill;

/** How a question follows what is to be read, and where keys and values that are forgotten are chosen. */
public enum ExamMode {
    /** One question, known when it is chosen what to forget. */
    SINGLE("single", 1),
    /** What to forget is chosen before the question comes, as for many questions on one context. */
    SHARED("shared", 1),
    /** The second question on a context: what to forget was chosen with the first. */
    SECOND_TURN("turn-2", 2);

    private final String text;
    private final int questions;

    ExamMode(String text, int questions) {
        this.text = text;
        this.questions = questions;
    }

    int questions() {
        return questions;
    }

    @Override
    public String toString() {
        return text;
    }
}
