// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.model.text.Tokenizer;
import java.util.ArrayList;
import java.util.List;

/**
 * A long answer of which a part is said to the model and a part is its own: values, each up to the end of a line, and what
 * stands between them, which is said in the tokens that a text would have: under a grammar the model would choose others, in
 * which it finds nothing again.
 *
 * @param wanted values, in order, without spaces around them
 * @param behind what follows each
 */
record Script(List<String> wanted, List<String> behind) {
    Script {
        wanted = List.copyOf(wanted);
        behind = List.copyOf(behind);
    }

    /** An answer of several lines: what stands before the last colon of a line is said. */
    static Script of(String answer) {
        List<String> wanted = new ArrayList<>();
        List<String> behind = new ArrayList<>();
        for (String line : answer.split("\n")) {
            int value = line.lastIndexOf(':') + 1;
            if (!wanted.isEmpty()) behind.add("\n" + line.substring(0, value));
            wanted.add(line.substring(value).strip());
        }
        behind.add("");
        return new Script(wanted, behind);
    }

    /** Tokens of a value, at most: some more than those that are right. */
    int most(int value, Tokenizer tokenizer) {
        return tokenizer.encode(" " + wanted.get(value), false, false).length + KvItem.MORE;
    }

    /** How many values are right in what was written, from the first on. */
    int right(String written) {
        int right = 0;
        int from = 0;
        for (int i = 0; i < wanted.size(); i++) {
            String next = behind.get(i);
            int end = next.isEmpty() ? written.length() : written.indexOf(next, from);
            if (end < 0) end = written.length(); // it ended early
            if (written.substring(from, end).strip().equals(wanted.get(i))) right++;
            from = Math.min(written.length(), end + next.length());
        }
        return right;
    }
}
