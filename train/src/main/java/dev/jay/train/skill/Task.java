// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.skill;

import java.util.List;

/** Something to read, and questions about it. A question and its answer follow the context and those before them. */
public record Task(String context, List<Question> questions) {
    /**
     * @param text   up to where the answer begins
     * @param answer without what ends it
     * @param end    of an answer, to be learnt too
     */
    public record Question(String text, String answer, String end) {}

    public Task {
        questions = List.copyOf(questions);
    }

    /** Up to where the answer of the i-th question begins, without the others. */
    public String prompt(int i) {
        return context + questions.get(i).text;
    }
}
