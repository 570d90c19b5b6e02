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
    public record Question(String text, String answer, String end) {
        private static final String BEFORE = "Q: ";
        private static final String BEHIND = "\nA:";

        /** A sentence that asks, and one that answers. */
        public static Question of(String asked, String answer) {
            return new Question(BEFORE + asked + BEHIND, " " + answer, "\n");
        }

        /** What is asked, as one would say it. */
        String asked() {
            return text.replace(BEFORE, "").replace(BEHIND, "");
        }
    }

    public Task {
        questions = List.copyOf(questions);
    }

    /** Up to where the answer of the i-th question begins, without the others. */
    public String prompt(int i) {
        return context + questions.get(i).text;
    }
}
