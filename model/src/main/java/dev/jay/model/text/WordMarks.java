// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import java.util.AbstractList;
import java.util.List;

/** BERT's tokens as GGUF files write them: one that begins a word is marked, where elsewhere one that goes on is. */
final class WordMarks {
    static final String BEGINNING = "\u2581";
    static final String CONTINUING = "##";

    private WordMarks() {}

    /** The same tokens; those in square brackets stay as they are. A view of the vocabulary. */
    static List<String> told(Vocabulary vocabulary) {
        return new AbstractList<>() {
            @Override
            public String get(int token) {
                String text = vocabulary.text(token);
                if (text.startsWith("[") && text.endsWith("]") && text.length() > 2) return text;
                if (text.startsWith(CONTINUING)) return text.substring(CONTINUING.length());
                return BEGINNING + text;
            }

            @Override
            public int size() {
                return vocabulary.size();
            }
        };
    }
}
