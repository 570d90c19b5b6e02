// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.skill;

import dev.jay.tensor.Catalog;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Short instructions in the form of a chat (ChatML, as the tokenizer's own template writes it). */
final class Instructions implements Skill {
    static final Catalog.Entry<Skill> ENTRY =
            new Catalog.Entry<>("instructions", "short instructions in a chat", a -> new Instructions());

    static final String USER = "<|im_start|>user\n";

    private static final int MOST = 6; // names of a list
    private static final List<String> GREETINGS =
            List.of("Hello", "Hi", "Hello!", "Hi!", "Good morning.", "Good evening.");
    private static final List<String> WHO =
            List.of("Who are you?", "What are you?", "What is your name?", "What can you do?");

    @Override
    public Task task(Words words, int facts, int questions, int filler) {
        List<Task.Question> asked = new ArrayList<>();
        for (int i = 0; i < questions; i++) {
            List<String> names = words.names(Math.clamp(facts, 2, MOST));
            String list = String.join(", ", names);
            switch (words.below(8)) {
                case 0 -> asked.add(said("Say the word " + names.get(0) + ".", names.get(0)));
                case 1 -> asked.add(said("What is the first word of this list: " + list + "?", names.getFirst()));
                case 2 -> asked.add(said("What is the last word of this list: " + list + "?", names.getLast()));
                case 3 ->
                    asked.add(said("Write this list backwards: " + list + ".", String.join(", ", names.reversed())));
                case 4 ->
                    asked.add(said(
                            "Write the word " + names.get(0) + " in capitals.",
                            names.get(0).toUpperCase(Locale.ROOT)));
                case 5 -> asked.add(said(words.one(GREETINGS), "Hello! Tell me something, and ask me about it."));
                case 6 ->
                    asked.add(said(
                            words.one(WHO),
                            "I am jay-tiny, a very small model. Tell me something, and ask me about it."));
                default -> {
                    String number = words.number(3);
                    String text = "My name is " + names.get(0) + " and my number is " + number + ". ";
                    asked.add(
                            words.below(2) == 0
                                    ? said(text + "What is my name?", "Your name is " + names.get(0) + ".")
                                    : said(text + "What is my number?", "Your number is " + number + "."));
                }
            }
        }
        return new Task("", asked);
    }

    static Task.Question said(String user, String assistant) {
        String text = USER + user + "<|im_end|>\n<|im_start|>assistant\n";
        return new Task.Question(text, assistant, "<|im_end|>\n");
    }
}
