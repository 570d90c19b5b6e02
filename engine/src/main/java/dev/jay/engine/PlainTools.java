// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.chat.CallText;
import dev.jay.engine.chat.Tool;
import java.util.ArrayList;
import java.util.List;

/** Tells a model of tools in words, for a template that does not know them: first of all, and their results as a user's. */
final class PlainTools {
    private PlainTools() {}

    static List<Message> told(Conversation conversation, CallText text) {
        List<Message> all = new ArrayList<>();
        for (Message m : conversation.messages()) {
            if (m.role().equals("tool")) {
                all.add(Message.user("<tool_response>\n" + m.content() + "\n</tool_response>"));
            } else if (m.calls().isEmpty()) {
                all.add(m);
            } else {
                String said = m.content().isEmpty() ? "" : m.content() + "\n";
                all.add(new Message(m.role(), said + text.write(m.calls()), List.of(), "", m.reasoning()));
            }
        }
        if (conversation.tools().isEmpty()) return all;
        String words = words(conversation.tools(), text);
        Message first = all.isEmpty() ? Message.user("") : all.getFirst();
        Message with = new Message(first.role(), words + "\n\n" + first.content());
        if (all.isEmpty()) all.add(with);
        else if (first.role().equals("assistant")) all.addFirst(Message.user(words));
        else all.set(0, with);
        return all;
    }

    private static String words(List<Tool> tools, CallText text) {
        StringBuilder words = new StringBuilder("You may call these functions; each with its arguments as a schema:\n");
        for (Tool tool : tools) {
            words.append("- ").append(tool.name()).append(": ").append(tool.description());
            words.append(' ').append(tool.parameters()).append('\n');
        }
        words.append("To call one, end your answer with:\n");
        words.append(text.open()).append(text.before()).append("NAME").append(text.inside());
        words.append("ARGUMENTS").append(text.after()).append(text.close());
        return words.toString();
    }
}
