// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.model.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Conversations to tokens. The rendered text is read whole, control tokens and all, as transformers does; but a control
 * token that stands in a message, a call or a tool is a user's text and must not become one. So each is broken before
 * rendering by a private-use character after its first letter, and the rendered text is cut there: what a message says
 * can then make no control token, while conversations without any are read exactly as transformers reads them. Limit: a
 * tokenizer that puts a space before each text (SentencePiece) puts one where such a token was cut.
 */
final class ChatPrompt {
    private static final char FIRST_BREAK = '\ue000';
    private static final char LAST_BREAK = '\uf8ff';

    private final Tokenizer tokenizer;
    private final Function<Conversation, String> template;
    private final boolean addSpecial;
    private final List<String> controls = new ArrayList<>();

    /**
     * @param template   writes a conversation out, up to where the assistant's answer begins
     * @param addSpecial whether the tokenizer adds BOS, because the template does not write it
     */
    ChatPrompt(Tokenizer tokenizer, Function<Conversation, String> template, boolean addSpecial) {
        this.tokenizer = tokenizer;
        this.template = template;
        this.addSpecial = addSpecial;
        for (int t = 0; t < tokenizer.size(); t++) {
            if (tokenizer.isControl(t) && tokenizer.piece(t).length() > 1) controls.add(tokenizer.piece(t));
        }
        controls.sort(Comparator.naturalOrder());
    }

    int[] encode(List<Message> messages) {
        return encode(Conversation.of(messages));
    }

    int[] encode(Conversation conversation) {
        List<String> texts = new ArrayList<>();
        conversation.map(text -> {
            texts.add(text);
            return text;
        });
        if (texts.stream().noneMatch(this::hasControl)) {
            return tokenizer.encode(template.apply(conversation), addSpecial, true);
        }
        char mark = unusedIn(texts);
        String rendered = template.apply(conversation.map(text -> broken(text, mark)));
        int[] tokens = {};
        boolean first = true;
        for (String part : rendered.split(String.valueOf(mark), -1)) {
            int[] more = tokenizer.encode(part, addSpecial && first, true);
            first = false;
            int at = tokens.length;
            tokens = Arrays.copyOf(tokens, at + more.length);
            System.arraycopy(more, 0, tokens, at, more.length);
        }
        return tokens;
    }

    private boolean hasControl(String text) {
        return controls.stream().anyMatch(text::contains);
    }

    private static char unusedIn(List<String> texts) {
        for (char c = FIRST_BREAK; c <= LAST_BREAK; c++) {
            char mark = c;
            if (texts.stream().noneMatch(text -> text.indexOf(mark) >= 0)) return mark;
        }
        throw new IllegalArgumentException(
                "chat: messages with control tokens in them use every private-use character");
    }

    private String broken(String text, char mark) {
        TreeSet<Integer> cuts = new TreeSet<>(Comparator.reverseOrder());
        for (String control : controls) {
            for (int at = text.indexOf(control); at >= 0; at = text.indexOf(control, at + 1)) {
                cuts.add(text.offsetByCodePoints(at, 1));
            }
        }
        StringBuilder out = new StringBuilder(text);
        for (int cut : cuts) out.insert(cut, mark);
        return out.toString();
    }
}
